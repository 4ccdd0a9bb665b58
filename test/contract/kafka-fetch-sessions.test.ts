import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKafkaBroker } from '../../src/broker/kafka/index.ts';
import type { Broker } from '../../src/core/ports/broker.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import { pause, waitFor } from '../support/wait.ts';
import { Member } from './broker/member.ts';
import { FetchTap } from './kafka/fetch-tap.ts';
import { RealKafka } from './kafka/real-kafka.ts';

const PARTITIONS = 6;
const kafka = new RealKafka();
let tap: FetchTap;
let broker: Broker;
let member: Member;
let topic: string;

beforeEach(async () => {
  tap = new FetchTap();
  broker = createKafkaBroker(
    { brokers: kafka.brokers, clientId: 'sessions', socketFactory: tap.socketFactory },
    silentLog,
  );
  topic = `fs-${randomUUID()}`;
  await broker.admin.createTopics([{ topic, partitions: PARTITIONS, replicationFactor: 1, config: {} }]);
  const offsets = Array.from({ length: PARTITIONS }, (_, partition) => ({
    ...{ topic, partition, offset: 0n, metadata: '' },
  }));
  const groupId = `g-${randomUUID()}`;
  await broker.admin.setCommittedOffsets(groupId, offsets);
  member = new Member(
    broker.createConsumer({ groupId, topics: [topic], maxWaitMs: 50, sessionTimeoutMs: 10_000 }),
  );
  await member.consumer.run(member);
});

afterEach(async () => {
  await member.consumer.stop();
  await broker.close();
  member.expectKeptPromises();
});

const publish = async (count: number, name: string): Promise<void> => {
  const producer = await broker.createProducer();
  const sends = Array.from({ length: count }, (_, number) =>
    producer.send({
      topic,
      key: Buffer.from(`k${number}`),
      value: Buffer.from(`${name}${number}`),
      headers: [],
    }),
  );
  await Promise.all(sends);
};

const values = (): readonly string[] => member.records.map(({ value }) => String(value)).sort();

const named = (count: number, ...names: readonly string[]): readonly string[] =>
  names.flatMap((name) => Array.from({ length: count }, (_, number) => `${name}${number}`)).sort();

describe('fetch sessions on a real broker', () => {
  it('name no partition again that has nothing new', async () => {
    await publish(20, 'a');
    await waitFor('the first records', () => values().length === 20);
    await pause(200);
    const resting = tap.seen.slice(-2);
    expect(resting.map(({ topics }) => topics)).toEqual([0, 0]);
    expect(resting.every(({ sessionId, sessionEpoch }) => sessionId !== 0 && sessionEpoch > 1)).toBe(true);
    expect(tap.seen.filter(({ sessionEpoch }) => sessionEpoch === 0)).toHaveLength(1);
  });

  it.each(['id', 'epoch'] as const)(
    'end and begin anew, with every record once, when the broker knows another %s',
    async (what) => {
      await publish(20, 'a');
      await waitFor('the first records', () => values().length === 20);
      tap.spoil(what);
      await publish(20, 'b');
      await waitFor('the records behind the lost session', () => tap.hasSpoiled && values().length >= 40);
      await publish(20, 'c');
      await waitFor('the later records', () => values().length >= 60);
      expect(values()).toEqual(named(20, 'a', 'b', 'c'));
      expect(tap.seen.filter(({ sessionEpoch }) => sessionEpoch === 0)).toHaveLength(2);
    },
  );

  it('forget what is paused and give it again from where it was', async () => {
    await publish(20, 'a');
    await waitFor('the first records', () => values().length === 20);
    const all = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }));
    const some = all.slice(0, PARTITIONS - 1);
    member.consumer.pause(some);
    await pause(150);
    await publish(20, 'b');
    await pause(150);
    expect(values().length).toBeLessThan(40);
    member.consumer.resume(some);
    await waitFor('the later records', () => values().length >= 40);
    expect(values()).toEqual(named(20, 'a', 'b'));
  });
});
