import { describe, expect, it } from 'vitest';
import { ProduceBundles } from '../../../../src/broker/kafka/produce-bundles.ts';
import type { ProduceRow } from '../../../../src/broker/kafka/produce-request.ts';
import { brokerOn, FakeConnection, produceAnswer } from './fake-connection.ts';

const at = (partition: number, topic = 'events') => ({ topic, partition });
const row = (partition: number, topic = 'events'): ProduceRow => ({
  ...{ topic, partition, errorCode: 0, baseOffset: BigInt(partition) },
});

/** A broker that counts requests and answers all with these rows. */
const brokerWith = (answer: () => readonly ProduceRow[]) => {
  const connection = new FakeConnection((request) => {
    sizes.push(request.length);
    return produceAnswer(answer());
  });
  const sizes: number[] = [];
  return { broker: brokerOn(connection), sizes };
};

describe('batches for one broker', () => {
  it('that leave in the same turn travel in one request, and each is answered by its own row', async () => {
    const { broker, sizes } = brokerWith(() => [row(2), row(0), row(0, 'audit')]);
    const bundles = new ProduceBundles(1_000);
    const batch = Buffer.alloc(100);
    const sends = [at(0), at(2), at(0, 'audit')].map((place) => bundles.send(broker, place, batch));
    expect(await Promise.all(sends)).toEqual([[row(0)], [row(2)], [row(0, 'audit')]]);
    expect(sizes).toHaveLength(1);
  });

  it('that leave one after the other travel alone', async () => {
    const { broker, sizes } = brokerWith(() => [row(0)]);
    const bundles = new ProduceBundles(1_000);
    await bundles.send(broker, at(0), Buffer.alloc(10));
    await bundles.send(broker, at(0), Buffer.alloc(10));
    expect(sizes).toHaveLength(2);
  });

  it('travel in several requests when they are more than a MiB', async () => {
    const { broker, sizes } = brokerWith(() => []);
    const bundles = new ProduceBundles(1_000);
    const batch = Buffer.alloc(400 * 1024);
    await Promise.all([0, 1, 2, 3, 4].map((partition) => bundles.send(broker, at(partition), batch)));
    expect(sizes).toHaveLength(3);
    for (const size of sizes) expect(size).toBeLessThan(1025 * 1024);
  });

  it.each([
    ['a row of a partition that was not asked for', [row(0), row(1), row(7)]],
    ['a row twice', [row(0), row(1), row(1)]],
    ['a row too few', [row(0)]],
  ])('count as unanswered, all of them, by an answer with %s', async (_, rows) => {
    const { broker } = brokerWith(() => rows);
    const bundles = new ProduceBundles(1_000);
    const sends = [0, 1].map((partition) => bundles.send(broker, at(partition), Buffer.alloc(10)));
    expect(await Promise.all(sends)).toEqual([[], []]);
  });

  it('fail together with their request', async () => {
    const { broker } = brokerWith(() => {
      throw new Error('the connection broke');
    });
    const bundles = new ProduceBundles(1_000);
    const sends = [0, 1].map((partition) => bundles.send(broker, at(partition), Buffer.alloc(10)));
    const ends = await Promise.allSettled(sends);
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
