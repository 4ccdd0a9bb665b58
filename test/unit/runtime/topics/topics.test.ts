import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryBroker } from '../../../../src/broker/memory/index.ts';
import { type AppDefinition, defineApp } from '../../../../src/core/app.ts';
import { type ErrorCode, EsteiraError } from '../../../../src/core/errors.ts';
import { defineEvent } from '../../../../src/core/event.ts';
import { defineJob, type StartFrom } from '../../../../src/core/job.ts';
import type { Broker } from '../../../../src/core/ports/broker.ts';
import { knownTenants } from '../../../../src/core/tenants.ts';
import { applyTopics, isSettled, planTopics, verifyTopics } from '../../../../src/runtime/topics/index.ts';
import { otherwise } from './bench.ts';

const INBOX = 'shop.job.send-receipt';
const GROUP = 'shop.job.send-receipt';
const paid = defineEvent(
  { name: 'shop.Paid', schema: 'string' },
  { topic: 'shop.events', check: 'none', partitions: 2 },
);

const appThat = (startFrom: StartFrom = 'now', partitions = 2): AppDefinition =>
  defineApp({
    name: 'shop',
    events: [paid],
    jobs: [
      defineJob({
        type: 'send-receipt',
        kind: 'reactive',
        on: paid,
        order: 'none',
        retry: { attempts: 1 },
        startFrom,
        run: () => undefined,
      }),
    ],
    tenants: knownTenants(['acme']),
    tiers: ['1s'],
    partitions,
  });

let broker: Broker;
beforeEach(() => {
  broker = createMemoryBroker();
  return () => broker.close();
});

const topic = (name: string, partitions = 2, config: Record<string, string> = {}) =>
  broker.admin.createTopics([{ topic: name, partitions, replicationFactor: 1, config }]);

/** Writes one record at each of these times to partition 0. */
const write = async (name: string, ...timesMs: readonly number[]) => {
  const producer = await broker.createProducer();
  for (const timestampMs of timesMs) {
    await producer.send({
      topic: name,
      partition: 0,
      key: null,
      value: Buffer.from('x'),
      headers: [],
      timestampMs,
    });
  }
};

const nextOffsets = async (group: string, name: string) =>
  (await broker.admin.committedOffsets(group, name)).map(({ partition, offset }) => [
    partition,
    Number(offset),
  ]);

const refusal = async (work: Promise<unknown>): Promise<{ code: ErrorCode; message: string }> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof EsteiraError) return error;
  throw new Error('it was not refused');
};

describe('a broker with nothing on it', () => {
  it('is planned without being touched', async () => {
    const plan = await planTopics(appThat(), broker.admin);
    expect(plan.create).toHaveLength(10);
    expect(plan.firstOffsets.map(({ groupId, topic }) => `${groupId} ${topic}`)).toEqual([
      `${GROUP} shop.events`,
      `${GROUP} ${INBOX}`,
      `${GROUP} ${INBOX}.surplus`,
      'shop.relay.1s shop.retry.1s',
    ]);
    expect(await broker.admin.describeTopics(['shop.events', INBOX])).toEqual(new Map());
  });

  it('gets every topic and starts every group at the beginning', async () => {
    await applyTopics(appThat(), broker.admin);
    await verifyTopics(appThat(), broker.admin);
    expect(await nextOffsets(GROUP, 'shop.events')).toEqual([
      [0, 0],
      [1, 0],
    ]);
    expect(isSettled(await planTopics(appThat(), broker.admin))).toBe(true);
  });

  it('is refused by workers with every missing topic named', async () => {
    const { code, message } = await refusal(verifyTopics(appThat(), broker.admin));
    expect(code).toBe('ESTEIRA_TOPICS_DIFFER');
    for (const name of ['shop.events', INBOX, 'shop.retry.1s', 'shop.dlq.send-receipt', 'shop.audit']) {
      expect(message).toContain(`topic ${name} is missing`);
    }
    expect(message).toContain('esteira topics plan');
  });
});

describe('a group without offsets on a topic with history', () => {
  beforeEach(async () => {
    await topic('shop.events');
    await write('shop.events', 1_000, 2_000, 3_000);
  });

  it.each<[string, StartFrom, number, number, number]>([
    ['now', 'now', 3, 0, 3],
    ['beginning', 'beginning', 0, 3, 0],
    ['1970-01-01T00:00:02.000Z', new Date(2_000), 1, 2, 1],
  ])(
    'starts at %s when the job type says so, and the plan counts what that means',
    async (from, startFrom, next, waiting, skipped) => {
      const plan = await applyTopics(appThat(startFrom), broker.admin);
      expect(plan.firstOffsets.at(-1)).toMatchObject({ topic: 'shop.events', from, waiting, skipped });
      expect((await nextOffsets(GROUP, 'shop.events'))[0]).toEqual([0, next]);
    },
  );

  it('keeps workers from starting until its offsets are written', async () => {
    await applyTopics(appThat(), broker.admin);
    await verifyTopics(appThat(), broker.admin);
    const second = defineJob({
      type: 'count-receipts',
      kind: 'system',
      on: paid,
      order: 'none',
      retry: { attempts: 1 },
      run: () => undefined,
    });
    const grown = { ...appThat(), jobs: [...appThat().jobs, second] };
    await topic('shop.job.count-receipts', 2, (await configOf(INBOX)) ?? {});
    await topic('shop.job.count-receipts.surplus', 2, (await configOf(INBOX)) ?? {});
    await topic('shop.dlq.count-receipts', 2, (await configOf('shop.dlq.send-receipt')) ?? {});
    const { code, message } = await refusal(verifyTopics(grown, broker.admin));
    expect(code).toBe('ESTEIRA_OFFSETS_MISSING');
    expect(message).toContain('group shop.job.count-receipts has no offsets on 2 partitions of shop.events');
  });

  it('never jumps over an inbox, which holds only what was asked of it', async () => {
    await topic(INBOX);
    await write(INBOX, 1_000);
    await applyTopics(appThat('now'), broker.admin);
    expect((await nextOffsets(GROUP, INBOX))[0]).toEqual([0, 0]);
  });

  it('reads partitions that are new to it from their beginning, whatever the job type says', async () => {
    await broker.admin.setCommittedOffsets(GROUP, [
      { topic: 'shop.events', partition: 1, offset: 0n, metadata: '' },
    ]);
    await applyTopics(appThat('now'), broker.admin);
    expect(await nextOffsets(GROUP, 'shop.events')).toEqual([
      [0, 0],
      [1, 0],
    ]);
  });

  it('is not given offsets while it has members, and the refusal says which group to stop', async () => {
    const member = broker.createConsumer({ groupId: GROUP, topics: ['shop.events'] });
    const nothing = () => undefined;
    await member.run({ onAssigned: nothing, onBatch: nothing, onOffsetProblem: nothing, onCrash: nothing });
    const { code, message } = await refusal(applyTopics(appThat(), broker.admin));
    expect(code).toBe('ESTEIRA_TOPICS_DIFFER');
    expect(message).toContain(`group ${GROUP} has 1 member, and takes no first offsets`);
    expect(await broker.admin.describeTopics([INBOX])).toEqual(new Map());
    await member.stop();
    await applyTopics(appThat(), broker.admin);
    await verifyTopics(appThat(), broker.admin);
  });

  it('keeps the offsets it has', async () => {
    await broker.admin.setCommittedOffsets(GROUP, [
      { topic: 'shop.events', partition: 0, offset: 2n, metadata: 'm' },
      { topic: 'shop.events', partition: 1, offset: 0n, metadata: '' },
    ]);
    await applyTopics(appThat('beginning'), broker.admin);
    expect((await nextOffsets(GROUP, 'shop.events'))[0]).toEqual([0, 2]);
  });
});

const configOf = async (name: string) => (await broker.admin.describeTopics([name])).get(name)?.config;

describe('offsets outside the log', () => {
  beforeEach(async () => {
    await applyTopics(appThat(), broker.admin);
    await write('shop.events', 1_000);
    await broker.admin.setCommittedOffsets(GROUP, [
      { topic: 'shop.events', partition: 0, offset: 9n, metadata: '' },
    ]);
  });

  it('are shown, and changed only when asked', async () => {
    const plan = await applyTopics(appThat(), broker.admin);
    expect(plan.outOfRange).toEqual([
      { groupId: GROUP, topic: 'shop.events', partition: 0, committed: 9n, low: 0n, high: 1n },
    ]);
    expect((await nextOffsets(GROUP, 'shop.events'))[0]).toEqual([0, 9]);
    await applyTopics(appThat(), broker.admin, { repairOffsets: true });
    expect((await nextOffsets(GROUP, 'shop.events'))[0]).toEqual([0, 0]);
  });
});

describe('topics that differ', () => {
  it('are altered where that can be done', async () => {
    await topic('shop.retry.1s', 2, { 'retention.ms': '1000' });
    const { message } = await refusal(verifyTopics(appThat(), broker.admin));
    expect(message).toContain(
      'topic shop.retry.1s: message.timestamp.type is not set, the app says LogAppendTime',
    );
    expect(message).toContain('topic shop.retry.1s: retention.ms is 1000, the app says 604801000');
    await applyTopics(appThat(), broker.admin);
    expect(await configOf('shop.retry.1s')).toMatchObject({ 'message.timestamp.type': 'LogAppendTime' });
    await verifyTopics(appThat(), broker.admin);
  });

  it('may keep records longer and take larger ones than the app asks for', async () => {
    await applyTopics(appThat(), broker.admin);
    await broker.admin.alterTopicConfig('shop.audit', {
      'retention.ms': '-1',
      'max.message.bytes': '9000000',
    });
    await verifyTopics(appThat(), broker.admin);
  });

  it('are refused where it cannot, and then nothing at all is changed', async () => {
    await topic(INBOX, 2);
    const { code, message } = await refusal(applyTopics(appThat(), broker.admin, { replicationFactor: 2 }));
    expect(code).toBe('ESTEIRA_TOPICS_DIFFER');
    expect(message).toContain('KAFKA_REPLICATION_FACTOR says 2, and there is 1 broker');
    expect(message).toContain(`topic ${INBOX} has 1 replica, KAFKA_REPLICATION_FACTOR says 2`);
    expect(await broker.admin.describeTopics(['shop.audit'])).toEqual(new Map());
  });

  it('keep the replicas they have when nobody says how many', async () => {
    await applyTopics(appThat(), broker.admin);
    const threeBrokers = otherwise(broker.admin, { brokerCount: async () => 3 });
    await verifyTopics(appThat(), threeBrokers);
  });

  it('are left alone when they are event topics, which may belong to others', async () => {
    await topic('shop.events', 1, { 'max.message.bytes': '5000000' });
    const plan = await applyTopics(appThat(), broker.admin);
    expect(plan.alter).toEqual([]);
    expect(await configOf('shop.events')).toEqual({ 'max.message.bytes': '5000000' });
  });

  it('must take the largest record of an event topic with room for headers', async () => {
    await topic('shop.events', 1, { 'max.message.bytes': '5000000' });
    await applyTopics(appThat(), broker.admin);
    expect((await configOf(INBOX))?.['max.message.bytes']).toBe('5065536');
  });
});
