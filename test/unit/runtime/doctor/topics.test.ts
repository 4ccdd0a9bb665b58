import { describe, expect, test } from 'vitest';
import { createMemoryBroker } from '../../../../src/broker/memory/index.ts';
import { topicsOf } from '../../../../src/core/app-topics.ts';
import type { PartitionReplicas } from '../../../../src/core/ports/diagnosis.ts';
import { eventTopics } from '../../../../src/runtime/doctor/event-topics.ts';
import { orphanedTopics, strangerGroups } from '../../../../src/runtime/doctor/orphans.ts';
import { topicSafety } from '../../../../src/runtime/doctor/topic-safety.ts';
import { topicShapes } from '../../../../src/runtime/doctor/topic-shape.ts';
import { openShop, said, shopThat } from './bench.ts';

const ALL = topicsOf(shopThat(), { replicationFactor: 1 }).length;

describe('topics against the app', () => {
  test('all as the app says is one line', async () => {
    const { parts } = await openShop();
    expect(await said(topicShapes, parts)).toEqual([
      `ok as the app says: ${ALL} topics: partitions, sizes, retention, cleanup`,
    ]);
  });

  test('missing topics are named, and how to make them', async () => {
    const { parts } = await openShop();
    const bare = createMemoryBroker();
    const [check] = await topicShapes({ ...parts, admin: bare.admin });
    await bare.close();
    expect(check).toMatchObject({ verdict: 'problem', name: 'missing topics' });
    expect(check?.says).toContain(`${ALL} of ${ALL} are missing: shop.events`);
    expect(check?.todo).toContain('esteira topics apply');
  });

  test('a tier that keeps its records too short is a problem that says what is lost', async () => {
    const { parts, broker } = await openShop();
    await broker.admin.alterTopicConfig('shop.retry.1s', { 'retention.ms': '3600000' });
    expect(await said(topicShapes, parts)).toEqual([
      'problem shop.retry.1s: retention.ms is 1 h, the app needs 7 d: records are lost before their time',
    ]);
  });

  test('a control topic that is not compacted, or a tier on its own clock, is a problem', async () => {
    const { parts, broker } = await openShop();
    await broker.admin.alterTopicConfig('shop.control', { 'cleanup.policy': 'delete' });
    await broker.admin.alterTopicConfig('shop.retry.1s', { 'message.timestamp.type': 'CreateTime' });
    const found = await said(topicShapes, parts);
    expect(found.map((one) => one.split(':')[0])).toEqual(['problem shop.retry.1s', 'problem shop.control']);
  });

  test('another number of partitions is told: too few are a problem, too many a warning', async () => {
    const { parts } = await openShop();
    const found = await said(topicShapes, { ...parts, app: { ...parts.app, partitions: 4 } });
    expect(found[0]).toMatch(/^problem shop\.\S+: has 2 partitions, the app says 4/);
    const fewer = await said(topicShapes, { ...parts, app: { ...parts.app, partitions: 1 } });
    expect(fewer[0]).toMatch(/^warning shop\.\S+: has 2 partitions, the app says 1/);
  });

  test('replicas that applying cannot add are a problem that says who can', async () => {
    const { parts } = await openShop();
    const found = await said(topicShapes, { ...parts, replicationFactor: 4 });
    expect(found[0]).toMatch(/^problem topic shop\.\S+: has 3 replicas, KAFKA_REPLICATION_FACTOR says 4/);
  });
});

describe('copies of records', () => {
  const copies = async (
    change: Partial<PartitionReplicas>,
    options: { minInSync?: string; production?: boolean; brokers?: number } = {},
  ) => {
    const { parts, kafka } = await openShop();
    const { minInSync = '2', production = false, brokers = 3 } = options;
    return said(topicSafety, {
      ...parts,
      production,
      broker: {
        ...kafka,
        cluster: async () => ({ brokers }),
        replicas: async (topics) => (await kafka.replicas(topics)).map((one) => ({ ...one, ...change })),
        settings: async (topics) =>
          new Map(topics.map((topic) => [topic, { 'min.insync.replicas': minInSync }])),
      },
    });
  };

  test('three copies, two in sync, are well', async () => {
    expect(await copies({})).toEqual([
      `ok copies: each record is on two brokers before it counts, on ${ALL} topics`,
    ]);
  });

  test('one copy is a problem in production, a warning elsewhere, and right for one broker', async () => {
    const one = { replicas: 1, inSync: 1 };
    const only = { minInSync: '1' };
    expect((await copies(one, { ...only, production: true }))[0]).toMatch(
      /^problem copies: one copy of each/,
    );
    expect((await copies(one, only))[0]).toMatch(/^warning copies: one copy of each record on \d+ topics/);
    expect((await copies(one, { ...only, brokers: 1 }))[0]).toMatch(/^ok copies: one of each record/);
  });

  test('more copies in sync than there are copies is a problem', async () => {
    expect((await copies({}, { minInSync: '4' }))[0]).toMatch(/^problem min.insync.replicas: larger than/);
  });

  test('as many in sync as there are copies is a warning', async () => {
    expect((await copies({}, { minInSync: '3' }))[0]).toMatch(/^warning min.insync.replicas: as many as/);
  });

  test('one in sync is a problem in production, a warning elsewhere', async () => {
    const thin = { minInSync: '1' };
    expect((await copies({}, thin))[0]).toMatch(/^warning min.insync.replicas: 1 on \d+ topics/);
    expect((await copies({}, { ...thin, production: true }))[0]).toMatch(
      /^problem min.insync.replicas: 1 on/,
    );
  });

  test('partitions without a leader are a problem, copies behind a warning', async () => {
    expect((await copies({ hasLeader: false })).at(-1)).toMatch(/^problem partitions without a leader: shop/);
    expect((await copies({ inSync: 2 })).at(-1)).toMatch(/^warning copies behind: \d+ partitions/);
  });
});

describe('event topics', () => {
  test('a week of events and done marks of eight days are well', async () => {
    const { parts } = await openShop();
    expect(await said(eventTopics, parts)).toEqual([
      'ok events: 1 event topic kept long enough, and no longer than done marks',
    ]);
  });

  test('a compacted one is a problem', async () => {
    const { parts, setting } = await openShop();
    setting('shop.events', { 'cleanup.policy': 'compact' });
    expect((await said(eventTopics, parts))[0]).toMatch(/^problem shop.events: is compacted/);
  });

  test('one that keeps events for an hour is a warning', async () => {
    const { parts, setting } = await openShop();
    setting('shop.events', { 'retention.ms': '3600000' });
    expect((await said(eventTopics, parts))[0]).toMatch(/^warning shop.events: keeps events for 1 h/);
  });

  test('one that keeps events longer than done marks live is a warning, for ever too', async () => {
    const { parts, setting } = await openShop(shopThat({ doneTtl: '5d' }));
    expect((await said(eventTopics, parts))[0]).toMatch(
      /^warning send-receipt: forgets a done job after 5 d/,
    );
    setting('shop.events', { 'retention.ms': '-1' });
    expect((await said(eventTopics, parts))[0]).toContain('keeps its event for ever');
  });
});

describe('what is left behind', () => {
  test('nothing is one line, and topics of others are not ours to judge', async () => {
    const { parts, addTopic } = await openShop();
    await addTopic('shop.something-else');
    await addTopic('shopping.dlq.send-receipt');
    expect(await said(orphanedTopics, parts)).toEqual([
      'ok left behind: no topic of job types or tiers that are gone',
    ]);
  });

  test('an inbox, a tier or a lane with jobs on it is a problem', async () => {
    const { parts, addTopic, write } = await openShop();
    for (const topic of ['shop.job.gone', 'shop.job.send-receipt.high', 'shop.retry.7m']) {
      await addTopic(topic);
      await write(topic, 1_000);
    }
    const found = await said(orphanedTopics, parts);
    expect(found).toEqual([
      'problem shop.job.gone: is an inbox that the app does not know, with 1 record on it: nobody will run them',
      'problem shop.job.send-receipt.high: is an inbox that the app does not know, with 1 record on it: nobody will run them',
      'problem shop.retry.7m: is a tier that the app does not know, with 1 record on it: nobody will run them',
    ]);
  });

  test('an empty one is a warning, and so is a DLQ, which waits for a human anyway', async () => {
    const { parts, addTopic, write } = await openShop();
    await addTopic('shop.job.gone');
    await addTopic('shop.dlq.gone');
    await write('shop.dlq.gone', 1_000);
    expect(await said(orphanedTopics, parts)).toEqual([
      'warning shop.job.gone: is an empty inbox that the app does not know',
      'warning shop.dlq.gone: is a DLQ that the app does not know, with 1 record on it',
    ]);
  });

  test('a group nobody knows is a warning while it has members', async () => {
    const { parts, kafka, addTopic, join } = await openShop();
    const broker = { ...kafka, groupNames: async () => ['shop.job.old', 'other.job.x'] };
    expect(await said(strangerGroups, { ...parts, broker })).toEqual([]);
    await addTopic('shop.job.old');
    await join('shop.job.old', ['shop.job.old']);
    expect(await said(strangerGroups, { ...parts, broker })).toEqual([
      'warning shop.job.old: has 1 member, and the app does not know it',
    ]);
  });
});
