import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryBroker, MemoryCluster, memoryFaults } from '../../../../src/broker/memory/index.ts';
import type { Broker } from '../../../../src/core/ports/broker.ts';
import { type ManualClock, manualClock } from '../../../support/manual-clock.ts';
import { waitFor } from '../../../support/wait.ts';

const TOPIC = 'orders';
const record = { topic: TOPIC, key: null, value: null, headers: [] };

interface Stand {
  readonly cluster: MemoryCluster;
  readonly clock: ManualClock;
  readonly broker: Broker;
}

const made: Stand[] = [];

const stand = async (config: Readonly<Record<string, string>> = {}): Promise<Stand> => {
  const cluster = new MemoryCluster();
  const clock = manualClock(1_000_000);
  const broker = createMemoryBroker({ cluster, clock, defaultPartitions: 3 });
  await broker.admin.createTopics([{ topic: TOPIC, partitions: 1, replicationFactor: 1, config }]);
  const one = { cluster, clock, broker };
  made.push(one);
  return one;
};

const high = (cluster: MemoryCluster): number => cluster.topic(TOPIC).log(0).high;

const timesOf = (cluster: MemoryCluster): readonly number[] =>
  cluster
    .topic(TOPIC)
    .log(0)
    .read(0, 10, 10, 10_000)
    .records.map(({ timestampMs }) => timestampMs);

describe('the memory broker', () => {
  afterEach(async () => {
    for (const { cluster, broker } of made.splice(0)) {
      memoryFaults(cluster).releaseAcks();
      await broker.close();
    }
  });

  it('takes times from its clock, and a LogAppendTime topic at the moment of writing', async () => {
    const plain = await stand();
    await (await plain.broker.createProducer()).send(record);
    expect(timesOf(plain.cluster)).toEqual([1_000_000]);
    const tier = await stand({ 'message.timestamp.type': 'LogAppendTime' });
    const producer = await tier.broker.createProducer({ lingerMs: 50 });
    const sent = producer.send({ ...record, timestampMs: 5 });
    tier.clock.advance(50);
    await sent;
    expect(timesOf(tier.cluster)).toEqual([1_000_050]);
  });

  it('lets records linger for company, but not while somebody flushes', async () => {
    const { broker, clock, cluster } = await stand();
    const producer = await broker.createProducer({ lingerMs: 50 });
    const first = producer.send(record);
    clock.advance(49);
    await broker.admin.brokerCount();
    expect(high(cluster)).toBe(0);
    clock.advance(1);
    await first;
    const second = producer.send(record);
    await producer.flush();
    await second;
    expect(high(cluster)).toBe(2);
  });

  it('ends a deadline by its clock: unknown, though the record is written', async () => {
    const { broker, clock, cluster } = await stand();
    memoryFaults(cluster).holdAcks(TOPIC);
    const producer = await broker.createProducer();
    const sent = producer.send(record, { deadlineMs: 1_000 });
    const unknown = expect(sent).rejects.toMatchObject({ code: 'ESTEIRA_PUBLISH_UNKNOWN' });
    await waitFor('the writing', () => high(cluster) === 1);
    clock.advance(1_000);
    await unknown;
  });

  it('leaves no timer behind when the acknowledgement came in time', async () => {
    const { broker, clock } = await stand();
    const producer = await broker.createProducer();
    await producer.send(record, { deadlineMs: 1_000 });
    expect(clock.nextInMs()).toBeUndefined();
  });

  it('lets smaller records in when a larger one before them gives up waiting for room', async () => {
    const { broker, clock, cluster } = await stand();
    const faults = memoryFaults(cluster);
    faults.holdAcks(TOPIC);
    const producer = await broker.createProducer({ maxBufferedBytes: 1_000 });
    const sized = (bytes: number) => ({ ...record, value: Buffer.alloc(bytes) });
    const held = producer.send(sized(400));
    const large = producer.send(sized(800), { deadlineMs: 100 });
    const small = producer.send(sized(100), { deadlineMs: 60_000 });
    const refused = expect(large).rejects.toMatchObject({ code: 'ESTEIRA_BUFFER_FULL' });
    clock.advance(100);
    await refused;
    await waitFor('the small record', () => high(cluster) === 2);
    faults.releaseAcks();
    await Promise.all([held, small]);
  });

  it('fails sends to one topic on request, and writes nothing of them', async () => {
    const { broker, cluster } = await stand();
    const faults = memoryFaults(cluster);
    const producer = await broker.createProducer({ maxBufferedBytes: 300 });
    faults.failSends(TOPIC);
    for (let n = 0; n < 5; n += 1) {
      await expect(producer.send(record)).rejects.toMatchObject({ code: 'ESTEIRA_PUBLISH_UNKNOWN' });
    }
    faults.healSends(TOPIC);
    expect((await producer.send(record)).offset).toBe(0n);
  });

  it('gives topics without a number of partitions its default', async () => {
    const { broker, cluster } = await stand();
    await broker.admin.createTopics([{ topic: 'any', partitions: -1, replicationFactor: 1, config: {} }]);
    expect(cluster.topic('any').logs).toHaveLength(3);
  });

  it('has a cluster of its own unless it is given one', async () => {
    const { broker } = await stand();
    const other = createMemoryBroker();
    expect((await other.admin.describeTopics([TOPIC])).size).toBe(0);
    await other.close();
    expect((await broker.admin.describeTopics([TOPIC])).size).toBe(1);
  });

  it('makes no consumers after it was closed', async () => {
    const { broker } = await stand();
    await broker.close();
    expect(() => broker.createConsumer({ groupId: 'late', topics: [TOPIC] })).toThrow(/closed/);
  });
});
