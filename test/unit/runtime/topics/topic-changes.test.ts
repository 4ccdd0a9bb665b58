import { describe, expect, test } from 'vitest';
import { defineJob } from '../../../../src/core/job.ts';
import { applyTopics, isSettled, planTopics } from '../../../../src/runtime/topics/index.ts';
import { appliedShop, otherwise, shopOf } from './bench.ts';

const six = shopOf({ partitions: 6 });
const ORDERED = 'shop.job.post-entry';
const UNORDERED = 'shop.job.send-receipt';

describe('more partitions', () => {
  test('are given to topics that hold nothing, and their groups start at the new ones', async () => {
    const { plan, apply, partitionsOf, admin } = await appliedShop();
    const planned = await plan(six);
    expect(planned.refused).toEqual([]);
    expect(planned.grow).toContainEqual({ topic: ORDERED, role: 'inbox', from: 2, to: 6 });
    await apply(six);
    expect(await partitionsOf(ORDERED)).toBe(6);
    expect(await admin.committedOffsets(ORDERED, ORDERED)).toHaveLength(6);
    expect(isSettled(await plan(six))).toBe(true);
  });

  test('are refused where records of one key would lose their order, with what that means', async () => {
    const { plan, apply, write, settle, partitionsOf } = await appliedShop();
    await write(ORDERED, 3);
    await settle(ORDERED, ORDERED, 3n);
    const { refused } = await plan(six);
    expect(refused).toEqual([
      {
        subject: `topic ${ORDERED}`,
        why: 'has 2 partitions and 3 records, the app says 6: keys would move, and of one ordering key, what is asked for next may run before what was asked for last',
        todo: expect.stringContaining('--allow-rekey'),
      },
    ]);
    await expect(apply(six)).rejects.toMatchObject({ code: 'ESTEIRA_TOPICS_DIFFER' });
    expect(await partitionsOf(UNORDERED)).toBe(2);
    await apply(six, { allowRekey: true });
    expect(await partitionsOf(ORDERED)).toBe(6);
  });

  test('are refused while ordering keys wait, whatever is allowed', async () => {
    const { plan, write } = await appliedShop();
    await write('shop.wait.post-entry');
    const { refused } = await plan(six, { allowRekey: true });
    expect(refused.map(({ subject }) => subject)).toEqual([`topic ${ORDERED}`, 'topic shop.wait.post-entry']);
    expect(refused[0]?.why).toContain('while ordering keys of post-entry wait (1 record not settled)');
  });

  test('are nothing to topics whose keys nobody relies on', async () => {
    const { plan, write } = await appliedShop();
    await write(UNORDERED);
    await write('shop.retry.1s');
    expect((await plan(six)).refused).toEqual([]);
  });

  test.each(['shop.telemetry.jobs', 'shop.failures', 'shop.audit', 'shop.dlq.send-receipt'])(
    'of %s are refused while it holds records: readers rely on its keys',
    async (topic) => {
      const { plan, write } = await appliedShop();
      await write(topic);
      expect((await plan(six)).refused.map(({ subject }) => subject)).toEqual([`topic ${topic}`]);
    },
  );

  test('wait for the members of its group to stop', async () => {
    const { plan, broker } = await appliedShop();
    const member = broker.createConsumer({ groupId: UNORDERED, topics: [UNORDERED] });
    const nothing = () => undefined;
    await member.run({ onAssigned: nothing, onBatch: nothing, onOffsetProblem: nothing, onCrash: nothing });
    expect((await plan(six)).refused.map(({ subject }) => subject)).toEqual([`group ${UNORDERED}`]);
    await member.stop();
  });
});

test('fewer partitions are refused: Kafka takes none away', async () => {
  const { plan, apply } = await appliedShop();
  const one = shopOf({ partitions: 1 });
  const { refused } = await plan(one);
  expect(refused).toContainEqual({
    subject: `topic ${UNORDERED}`,
    why: 'has 2 partitions, the app says 1: Kafka takes none away',
    todo: expect.stringContaining('say partitions: 2 in defineApp'),
  });
  await expect(apply(one)).rejects.toMatchObject({ code: 'ESTEIRA_TOPICS_DIFFER' });
});

// It said "say partitions: 2 in defineApp", which changes nothing about the control topic.
test('a control topic with more than its one partition is to be made anew, and it is said what ends with it', async () => {
  const { plan, admin } = await appliedShop();
  await admin.growTopic('shop.control', 2);
  expect((await plan(shopOf())).refused).toEqual([
    {
      subject: 'topic shop.control',
      why: 'has 2 partitions, the app says 1: Kafka takes none away',
      todo: expect.stringContaining('the ledgers of replays end with it'),
    },
  ]);
});

describe('a tier that no ladder has any more', () => {
  const without = shopOf({ tiers: ['1s'] });

  test('is left alone when it is drained, and that is nothing to do', async () => {
    const { plan, apply, admin } = await appliedShop();
    const found = await plan(without);
    expect(found.orphans).toEqual([{ topic: 'shop.retry.5s', kind: 'tier', records: 0, members: 0 }]);
    expect(isSettled(found)).toBe(true);
    await apply(without);
    expect(await admin.topicNames()).toContain('shop.retry.5s');
  });

  test('is deleted when that is asked for', async () => {
    const { plan, apply, admin, write, settle } = await appliedShop();
    await write('shop.retry.5s', 2);
    await settle('shop.relay.5s', 'shop.retry.5s', 2n);
    expect((await apply(without, { dropOrphans: true })).drop).toEqual(['shop.retry.5s']);
    expect(await admin.topicNames()).not.toContain('shop.retry.5s');
    expect((await plan(without)).orphans).toEqual([]);
  });

  test('cannot be left while records wait on it: no relay would forward them', async () => {
    const { plan, apply, write } = await appliedShop();
    await write('shop.retry.5s', 2);
    const { refused } = await plan(without);
    expect(refused).toEqual([
      {
        subject: 'topic shop.retry.5s',
        why: 'holds 2 records, and no ladder of the app has this tier: no relay would forward them',
        todo: 'name its delay in defineApp({ tiers }) until it is empty',
      },
    ]);
    await expect(apply(without, { dropOrphans: true })).rejects.toMatchObject({
      code: 'ESTEIRA_TOPICS_DIFFER',
    });
  });

  test('is not deleted while a relay of another version reads it', async () => {
    const { plan, broker } = await appliedShop();
    const member = broker.createConsumer({ groupId: 'shop.relay.5s', topics: ['shop.retry.5s'] });
    const nothing = () => undefined;
    await member.run({ onAssigned: nothing, onBatch: nothing, onOffsetProblem: nothing, onCrash: nothing });
    const { drop, refused } = await plan(without, { dropOrphans: true });
    expect([drop, refused.map(({ why }) => why)]).toEqual([
      [],
      ['is not deleted while 1 member of its group read it'],
    ]);
    await member.stop();
  });
});

describe('other orphans', () => {
  const one = shopOf({ jobs: shopOf().jobs.slice(0, 1) });

  test('of a job type that is gone are deleted when they are drained; a DLQ with letters never', async () => {
    const { plan, write } = await appliedShop();
    const { drop } = await plan(one, { dropOrphans: true });
    expect([...drop].sort()).toEqual(['shop.dlq.send-receipt', UNORDERED, `${UNORDERED}.surplus`]);
    await write('shop.dlq.send-receipt');
    const { refused } = await plan(one, { dropOrphans: true });
    expect(refused.map(({ subject }) => subject)).toEqual(['topic shop.dlq.send-receipt']);
    expect((await plan(one)).refused).toEqual([]);
  });

  test('that only look like ours are left alone', async () => {
    const { plan, admin } = await appliedShop();
    const names = ['shop.retry.soon', 'shop.retry.60s', 'shop.job.Not-Ours', 'shopping.retry.5s'];
    await admin.createTopics(
      names.map((topic) => ({ topic, partitions: 1, replicationFactor: 1, config: {} })),
    );
    expect((await plan(shopOf(), { dropOrphans: true })).drop).toEqual([]);
  });
});

describe('what the brokers cannot give', () => {
  test('more replicas than brokers are refused at the plan', async () => {
    const { admin } = await appliedShop();
    const bare = otherwise(admin, { describeTopics: async () => new Map(), topicNames: async () => [] });
    const { refused } = await planTopics(shopOf(), bare, { replicationFactor: 3 });
    expect(refused).toEqual([
      {
        subject: 'KAFKA_REPLICATION_FACTOR',
        why: 'says 3, and there is 1 broker, of which each holds one copy',
        todo: 'start more brokers, or lower the variable',
      },
    ]);
  });

  test('copies in sync that no brokers are up for are refused', async () => {
    const { admin } = await appliedShop();
    const described = await admin.describeTopics(['shop.audit']);
    const thrice = otherwise(admin, {
      describeTopics: async (topics) =>
        new Map(
          [...(await admin.describeTopics(topics))].map(([name, one]) => [
            name,
            { ...one, replicationFactor: 3, config: { ...one.config, 'min.insync.replicas': '2' } },
          ]),
        ),
    });
    expect(described.size).toBe(1);
    expect((await planTopics(shopOf(), thrice)).refused[0]?.why).toBe(
      'asks for 2 copies in sync, and only 1 broker can be reached: nothing can be written there',
    );
  });

  test('more copies in sync than a topic has are set to what fits', async () => {
    const { admin } = await appliedShop();
    await admin.alterTopicConfig('shop.audit', { 'min.insync.replicas': '2' });
    const { alter } = await applyTopics(shopOf(), admin);
    expect(alter).toEqual([{ topic: 'shop.audit', key: 'min.insync.replicas', from: '2', to: '1' }]);
  });
});

describe('how long records are kept', () => {
  test('a limit by size is taken away: it would throw them away before their time', async () => {
    const { plan, admin } = await appliedShop();
    await admin.alterTopicConfig('shop.retry.5s', { 'retention.bytes': '1000' });
    expect((await plan(shopOf())).alter).toEqual([
      { topic: 'shop.retry.5s', key: 'retention.bytes', from: '1000', to: '-1' },
    ]);
  });

  const waiting = (attempts: number, maxAge?: '40d') =>
    shopOf({
      jobs: [
        defineJob({
          ...{ type: 'post-entry', kind: 'system' as const, order: 'key' as const, run: () => undefined },
          ...(maxAge === undefined ? {} : { maxAge }),
          retry: { attempts, backoff: ['20d'] },
        }),
      ],
    });

  test('a waiting topic outlasts all the waits of its job type together', async () => {
    // It kept 30 days, and three waits of twenty days lost the record of the head before its last attempt.
    const { plan } = await appliedShop(shopOf({ jobs: [] }));
    const { create } = await plan(waiting(4));
    const kept = create.find(({ role }) => role === 'waiting')?.config['retention.ms'];
    expect(Number(kept) / 86_400_000).toBe(67);
  });

  test('waits that outlast any waiting topic are refused, unless the job has a maxAge', async () => {
    const { plan } = await appliedShop(shopOf({ jobs: [] }));
    expect((await plan(waiting(30))).refused[0]).toMatchObject({
      subject: 'job type post-entry',
      why: expect.stringContaining('its waiting topic keeps records for 365d at most'),
    });
    expect((await plan(waiting(30, '40d'))).refused).toEqual([]);
  });
});
