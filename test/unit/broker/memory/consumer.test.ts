import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryBroker, MemoryCluster, memoryFaults } from '../../../../src/broker/memory/index.ts';
import type { Broker, ConsumerListener, GroupConsumer } from '../../../../src/core/ports/broker.ts';
import { latch, waitFor } from '../../../support/wait.ts';

const TOPIC = 'orders';
const GROUP = 'workers';

let cluster: MemoryCluster;
let broker: Broker;

beforeEach(async () => {
  cluster = new MemoryCluster();
  broker = createMemoryBroker({ cluster });
  await broker.admin.createTopics([{ topic: TOPIC, partitions: 1, replicationFactor: 1, config: {} }]);
  await broker.admin.setCommittedOffsets(GROUP, [{ topic: TOPIC, partition: 0, offset: 0n, metadata: '' }]);
});

afterEach(() => broker.close());

const fill = async (count: number): Promise<void> => {
  const producer = await broker.createProducer();
  const sends = Array.from({ length: count }, (_, n) => {
    return producer.send({ topic: TOPIC, key: null, value: Buffer.from(String(n)), headers: [] });
  });
  await Promise.all(sends);
};

const consumer = (): GroupConsumer => broker.createConsumer({ groupId: GROUP, topics: [TOPIC] });

const silent: ConsumerListener = {
  onAssigned: () => undefined,
  onBatch: () => undefined,
  onOffsetProblem: () => undefined,
  onCrash: () => undefined,
};

describe('a memory consumer', () => {
  it('hands over 100,000 records in batches of at most 500 and leaves the event loop its turns', async () => {
    await fill(100_000);
    const all = latch();
    let records = 0;
    let largest = 0;
    let turns = 0;
    const turn = (): void => {
      turns += 1;
      if (records < 100_000) setImmediate(turn);
    };
    setImmediate(turn);
    await consumer().run({
      ...silent,
      onBatch: (batch) => {
        records += batch.records.length;
        largest = Math.max(largest, batch.records.length);
        if (records === 100_000) all.open();
      },
    });
    await all.opened;
    expect(largest).toBe(500);
    expect(turns).toBeGreaterThanOrEqual(190);
  });

  it('gives what was not committed again in each epoch, also of a partition it kept', async () => {
    await fill(3);
    const offsets: bigint[][] = [];
    const member = consumer();
    await member.run({
      ...silent,
      onAssigned: () => offsets.push([]),
      onBatch: ({ records }) => offsets.at(-1)?.push(...records.map(({ offset }) => offset)),
    });
    await waitFor('the first reading', () => offsets[0]?.length === 3);
    await member.commit([{ topic: TOPIC, partition: 0, offset: 1n, metadata: '' }]);
    memoryFaults(cluster).rebalance(GROUP);
    await waitFor('the second reading', () => offsets[1]?.length === 2);
    expect(offsets).toEqual([
      [0n, 1n, 2n],
      [1n, 2n],
    ]);
  });

  it('hands over nothing from the start of a rebalance to the next assignment', async () => {
    await fill(1_200);
    const told: string[] = [];
    await consumer().run({
      ...silent,
      onAssigned: ({ epoch }) => told.push(`epoch ${epoch}`),
      onBatch: ({ epoch, records }) => {
        if (told.length === 1) memoryFaults(cluster).rebalance(GROUP);
        told.push(`${records.length} of epoch ${epoch}`);
      },
    });
    await waitFor('all of the second epoch', () => told.at(-1) === '200 of epoch 2');
    expect(told.slice(0, 3)).toEqual(['epoch 1', '500 of epoch 1', 'epoch 2']);
  });

  it('drops commits while its group rebalances', async () => {
    const member = consumer();
    await member.run(silent);
    memoryFaults(cluster).rebalance(GROUP);
    const next = [{ topic: TOPIC, partition: 0, offset: 1n, metadata: '' }];
    expect(await member.commit(next)).toEqual([]);
    await waitFor('the end of the rebalance', () => !cluster.group(GROUP).rebalancing);
    expect(await member.commit(next)).toEqual(next);
  });

  it('crashes, instead of losing records in silence, when its listener throws', async () => {
    await fill(1);
    const crashed = latch<Error>();
    const member = consumer();
    await member.run({
      ...silent,
      onBatch: () => {
        throw new TypeError('the listener is broken');
      },
      onCrash: crashed.open,
    });
    expect(await crashed.opened).toBeInstanceOf(TypeError);
    expect(cluster.group(GROUP).members).toEqual([]);
  });

  it('hands over nothing after it was stopped from within a batch', async () => {
    await fill(1_200);
    let batches = 0;
    const member = consumer();
    const stopped = latch();
    await member.run({
      ...silent,
      onBatch: () => {
        batches += 1;
        void member.stop().then(stopped.open);
      },
    });
    await stopped.opened;
    const other = latch();
    await consumer().run({ ...silent, onBatch: () => other.open() });
    await other.opened;
    expect(batches).toBe(1);
  });

  it('fails to run when it is stopped before its first assignment, and when it runs already', async () => {
    const early = consumer();
    const run = early.run(silent);
    const refused = expect(run).rejects.toMatchObject({ code: 'ESTEIRA_CLOSED' });
    await early.stop();
    await refused;
    const member = consumer();
    await member.run(silent);
    await expect(member.run(silent)).rejects.toMatchObject({ code: 'ESTEIRA_CLOSED' });
  });

  it('reads on behind a gap in the offsets', async () => {
    await fill(1);
    memoryFaults(cluster).skipOffsets({ topic: TOPIC, partition: 0 }, 700);
    await fill(1);
    const found: bigint[] = [];
    await consumer().run({
      ...silent,
      onBatch: ({ records }) => found.push(...records.map((r) => r.offset)),
    });
    await waitFor('both records', () => found.length === 2);
    expect(found).toEqual([0n, 701n]);
  });
});
