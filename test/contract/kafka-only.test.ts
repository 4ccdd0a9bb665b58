import { randomUUID } from 'node:crypto';
import { CompressionTypes, Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createKafkaBroker } from '../../src/broker/kafka/index.ts';
import type { Broker } from '../../src/core/ports/broker.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import { waitFor } from '../support/wait.ts';
import { Member } from './broker/member.ts';
import { RealKafka } from './kafka/real-kafka.ts';

const kafka = new RealKafka();
const foreign = new Kafka({ brokers: [...kafka.brokers], clientId: 'foreign', logLevel: logLevel.NOTHING });
let broker: Broker;
let members: Member[] = [];
let producers: Producer[] = [];

beforeAll(() => {
  broker = createKafkaBroker({ brokers: kafka.brokers, clientId: 'kafka-only' }, silentLog);
});

afterEach(async () => {
  const [stopped, disconnected] = [members, producers];
  members = [];
  producers = [];
  await Promise.all(stopped.map(({ consumer }) => consumer.stop()));
  await Promise.all(disconnected.map((producer) => producer.disconnect()));
  for (const member of stopped) member.expectKeptPromises();
});

afterAll(() => broker.close());

const topicOf = async (partitions = 1, config: Readonly<Record<string, string>> = {}): Promise<string> => {
  const topic = `ko-${randomUUID()}`;
  await broker.admin.createTopics([{ topic, partitions, replicationFactor: 1, config }]);
  return topic;
};

const startGroup = async (groupId: string, ...topics: readonly string[]): Promise<void> => {
  for (const topic of topics) {
    const ranges = await broker.admin.offsetRanges(topic);
    const offsets = ranges.map(({ partition }) => ({ topic, partition, offset: 0n, metadata: '' }));
    await broker.admin.setCommittedOffsets(groupId, offsets);
  }
};

const join = async (groupId: string, ...topics: readonly string[]): Promise<Member> => {
  const member = new Member(
    broker.createConsumer({ groupId, topics, maxWaitMs: 100, sessionTimeoutMs: 10_000 }),
  );
  members.push(member);
  await member.consumer.run(member);
  return member;
};

const foreignProducer = async (options: { transactionalId?: string } = {}): Promise<Producer> => {
  const producer = foreign.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    ...(options.transactionalId === undefined
      ? {}
      : { ...options, idempotent: true, maxInFlightRequests: 1 }),
  });
  producers.push(producer);
  await producer.connect();
  return producer;
};

const texts = async (topic: string, from = 0n): Promise<readonly string[]> => {
  const [range] = await broker.admin.offsetRanges(topic);
  const found: string[] = [];
  await broker.admin.read(
    { topic, partition: 0, from, to: range?.high ?? 0n },
    ({ value }) => found.push(String(value)) > 0,
  );
  return found;
};

describe('a deploy that adds a topic to a group', () => {
  it('leaves no partition without a reader while old and new members run side by side', async () => {
    const [first, second] = [await topicOf(4), await topicOf(2)];
    const groupId = `g-${randomUUID()}`;
    await startGroup(groupId, first, second);
    const old = await join(groupId, first);
    const young = await join(groupId, first, second);
    await old.until('half of the first topic', ({ owned }) => owned.length === 2);
    await young.until('the rest and the new topic', ({ owned }) => owned.length === 4);
    expect([...old.owned, ...young.owned].toSorted()).toEqual(
      [
        ...[0, 1, 2, 3].map((partition) => `${first}/${partition}`),
        ...[0, 1].map((partition) => `${second}/${partition}`),
      ].toSorted(),
    );
    expect(young.owned.filter((at) => at.startsWith(second))).toHaveLength(2);
    const foreignHand = await foreignProducer();
    await foreignHand.send({
      topic: second,
      messages: [0, 1].map((partition) => ({ partition, value: `n${partition}` })),
    });
    await young.receives(2);
  });

  it('works the other way round too, when an old member leads the group', async () => {
    const [first, second] = [await topicOf(2), await topicOf(3)];
    const groupId = `g-${randomUUID()}`;
    await startGroup(groupId, first, second);
    const young = await join(groupId, first, second);
    const old = await join(groupId, first);
    await old.until('a share', ({ owned }) => owned.length === 1);
    await young.until('the rest', ({ owned }) => owned.length === 4);
  });
});

describe('a topic with transactions', () => {
  it('gives a group what was committed, in order, and passes over markers and aborted records', async () => {
    const topic = await topicOf();
    const groupId = `g-${randomUUID()}`;
    await startGroup(groupId, topic);
    const producer = await foreignProducer({ transactionalId: randomUUID() });
    const write = async (values: readonly string[], end: 'commit' | 'abort'): Promise<void> => {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: values.map((value) => ({ value })) });
      await transaction[end]();
    };
    await write(['a', 'b'], 'commit');
    await write(['never'], 'abort');
    await write(['never', 'never'], 'abort');
    await write(['c'], 'commit');
    const member = await join(groupId, topic);
    await member.receives(3);
    await write(['never'], 'abort');
    await write(['d'], 'commit');
    await member.receives(4);
    expect(member.texts(0)).toEqual(['a', 'b', 'c', 'd']);
    expect(member.problems).toEqual([]);
    expect(await texts(topic)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('is read to its end also when the last offsets are markers and aborted records', async () => {
    const topic = await topicOf();
    const producer = await foreignProducer({ transactionalId: randomUUID() });
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: 'never' }, { value: 'never' }] });
    await transaction.abort();
    // The broker answers an abort before its marker is in the log.
    await waitFor('the marker', async () => (await broker.admin.offsetRanges(topic))[0]?.high === 3n);
    expect(await texts(topic)).toEqual([]);
    expect(await texts(topic, 2n)).toEqual([]);
  });

  it('is read up to an open transaction, without waiting for its end', async () => {
    const topic = await topicOf();
    const producer = await foreignProducer({ transactionalId: randomUUID() });
    const before = await producer.transaction();
    await before.send({ topic, messages: [{ value: 'done' }] });
    await before.commit();
    const open = await producer.transaction();
    await open.send({ topic, messages: [{ value: 'open' }] });
    expect(await texts(topic)).toEqual(['done']);
    await open.abort();
  });
});

describe('records of a foreign client', () => {
  it('are put where our producer puts the same key', async () => {
    const topic = await topicOf(7);
    const foreignHand = await foreignProducer();
    const ours = await broker.createProducer();
    for (const key of ['a', 'tenant-17', 'ção', '', 'x'.repeat(99), '00000000-0000-4000-8000-000000000001']) {
      const [row] = await foreignHand.send({ topic, messages: [{ key, value: 'foreign' }] });
      const position = await ours.send({ topic, key: Buffer.from(key), value: null, headers: [] });
      expect(position.partition, key).toBe(row?.partition);
    }
    await ours.close();
  });

  it('may be compressed with gzip', async () => {
    const topic = await topicOf();
    const foreignHand = await foreignProducer();
    const messages = Array.from({ length: 50 }, (_, n) => ({ value: `record ${n}` }));
    await foreignHand.send({ topic, compression: CompressionTypes.GZIP, messages });
    expect(await texts(topic)).toEqual(messages.map(({ value }) => value));
    expect(await texts(topic, 33n)).toEqual(messages.slice(33).map(({ value }) => value));
  });

  it('understand ours: a plain kafkajs consumer reads key, value, headers and time', async () => {
    const topic = await topicOf();
    const ours = await broker.createProducer();
    const headers = [
      ['a', Buffer.from('1')],
      ['b', null],
      ['a', Buffer.from('2')],
    ] as const;
    await ours.send({
      topic,
      key: Buffer.from('k'),
      value: Buffer.from('v'),
      headers,
      timestampMs: 1_700_000_000_123,
    });
    const consumer = foreign.consumer({ groupId: `g-${randomUUID()}` });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const message = await new Promise<object>((resolve, reject) => {
      consumer.run({ eachMessage: async (payload) => resolve(payload.message) }).catch(reject);
    });
    await consumer.disconnect();
    expect(message).toMatchObject({
      key: Buffer.from('k'),
      value: Buffer.from('v'),
      timestamp: '1700000000123',
      headers: { a: [Buffer.from('1'), Buffer.from('2')], b: null },
    });
    await ours.close();
  });
});

describe('a commit that comes too late', () => {
  it('is not taken for a partition another member owns by now, though a plain client would get through with it', async () => {
    const topic = await topicOf(2);
    const groupId = `g-${randomUUID()}`;
    await startGroup(groupId, topic);
    const foreignHand = await foreignProducer();
    const messages = [0, 1].flatMap((partition) =>
      Array.from({ length: 10 }, (_, n) => ({ partition, value: String(n) })),
    );
    await foreignHand.send({ topic, messages });
    const first = await join(groupId, topic);
    await first.receives(20);
    const second = await join(groupId, topic);
    await second.until('a share', ({ owned }) => owned.length === 1);
    const partition = Number(second.owned[0]?.split('/').at(-1));
    await second.until('its records', (member) => member.texts(partition).length === 10);
    expect(await second.consumer.commit([{ topic, partition, offset: 9n, metadata: 'second' }])).toHaveLength(
      1,
    );
    expect(
      await first.consumer.commit([{ topic, partition, offset: 10n, metadata: 'first, too late' }]),
    ).toEqual([]);
    const committed = await broker.admin.committedOffsets(groupId, topic);
    expect(committed.find((one) => one.partition === partition)).toMatchObject({
      offset: 9n,
      metadata: 'second',
    });
  });
});

describe('many members in one process', () => {
  it('do not share what they know of committed offsets, as consumers of one kafkajs client do', async () => {
    const topic = await topicOf(4);
    const groupId = `g-${randomUUID()}`;
    await startGroup(groupId, topic);
    const group = await Promise.all([0, 1, 2, 3].map(() => join(groupId, topic)));
    for (const member of group) await member.until('one partition each', ({ owned }) => owned.length === 1);
    const foreignHand = await foreignProducer();
    const messages = [0, 1, 2, 3].flatMap((partition) =>
      Array.from({ length: 25 }, (_, n) => ({ partition, value: `${partition}:${n}` })),
    );
    await foreignHand.send({ topic, messages });
    await Promise.all(group.map((member) => member.receives(25)));
    const all = group.flatMap((member) => member.records.map(({ value }) => String(value)));
    expect(all.toSorted()).toEqual(messages.map(({ value }) => value).toSorted());
  });
});
