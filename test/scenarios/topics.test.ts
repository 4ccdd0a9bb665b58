import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AppDefinition, defineApp } from '../../src/core/app.ts';
import { defineEvent } from '../../src/core/event.ts';
import { defineJob } from '../../src/core/job.ts';
import { knownTenants } from '../../src/core/tenants.ts';
import { applyTopics, isSettled, type PlanOptions, planTopics } from '../../src/runtime/topics/index.ts';
import { type OpenServices, openServices } from '../support/open-services.ts';
import { freshName } from '../support/scenario.ts';

const ns = freshName('topics');
const ORDERED = `${ns}.job.post-entry`;
const RELAY = `${ns}.relay.5s`;
const TIER = `${ns}.retry.5s`;

const appWith = (options: { partitions: number; tiers: readonly ('1s' | '5s')[] }): AppDefinition => {
  const run = () => undefined;
  const paid = defineEvent(
    { name: 'shop.Paid', schema: 'string' },
    { topic: `${ns}.events`, check: 'none', partitions: 1 },
  );
  const retry = { attempts: 1 };
  return defineApp({
    ...{ name: ns, events: [paid], tenants: knownTenants(['acme']), ...options },
    jobs: [
      defineJob({ type: 'post-entry', kind: 'reactive', on: paid, order: 'key', retry, run }),
      defineJob({ type: 'send-receipt', kind: 'reactive', on: paid, order: 'none', retry, run }),
    ],
  });
};

const before = appWith({ partitions: 1, tiers: ['1s', '5s'] });
const wider = appWith({ partitions: 2, tiers: ['1s', '5s'] });
const fewerTiers = appWith({ partitions: 2, tiers: ['1s'] });

let services: OpenServices;
beforeAll(async () => {
  services = await openServices(before, process.env);
});
afterAll(() => services.close());

const admin = () => services.backend.broker.admin;
const refusedOf = async (app: AppDefinition, options: PlanOptions = {}): Promise<readonly string[]> =>
  (await planTopics(app, admin(), options)).refused.map(({ subject }) => subject);

const write = async (topic: string): Promise<void> => {
  const producer = await services.backend.broker.createProducer();
  await producer.send({ topic, partition: 0, key: null, value: Buffer.from('x'), headers: [] });
  await producer.close();
};

const settle = (groupId: string, topic: string): Promise<void> =>
  admin().setCommittedOffsets(groupId, [{ topic, partition: 0, offset: 1n, metadata: '' }]);

// Promise: topics follow the app as a database follows its migrations; what would lose order or jobs is refused, and
// while anything is, nothing is changed.
test('topics of a real broker are made, altered, grown and dropped, and never at the cost of order or of a job', async () => {
  expect((await planTopics(before, admin())).firstOffsets.length).toBeGreaterThan(0);
  await applyTopics(before, admin());
  expect(isSettled(await planTopics(before, admin()))).toBe(true);

  // A setting is altered where it differs, and the rest of the topic's stays.
  await admin().alterTopicConfig(TIER, {
    'retention.ms': '1000',
    'retention.bytes': '5000',
    'segment.ms': '60000',
  });
  await applyTopics(before, admin());
  const config = (await admin().describeTopics([TIER])).get(TIER)?.config;
  expect(config).toMatchObject({
    'retention.ms': '604805000',
    'retention.bytes': '-1',
    'segment.ms': '60000',
  });

  // Ordering keys wait: no growth, whatever is allowed. Settled: only when it is.
  await write(ORDERED);
  expect(await refusedOf(wider, { allowRekey: true })).toContain(`topic ${ORDERED}`);
  await settle(ORDERED, ORDERED);
  expect(await refusedOf(wider)).toEqual([`topic ${ORDERED}`]);
  await expect(applyTopics(wider, admin())).rejects.toMatchObject({ code: 'ESTEIRA_TOPICS_DIFFER' });
  expect((await admin().describeTopics([TIER])).get(TIER)?.partitions).toBe(1);
  await applyTopics(wider, admin(), { allowRekey: true });
  expect((await admin().describeTopics([ORDERED])).get(ORDERED)?.partitions).toBe(2);
  expect(await admin().committedOffsets(ORDERED, ORDERED)).toHaveLength(2);
  expect(isSettled(await planTopics(wider, admin()))).toBe(true);

  // Kafka takes no partition away.
  expect(await refusedOf(before)).toContain(`topic ${ORDERED}`);

  // A tier is not left while a record waits on it; drained, it is dropped when that is asked for.
  await write(TIER);
  expect(await refusedOf(fewerTiers)).toEqual([`topic ${TIER}`]);
  await settle(RELAY, TIER);
  expect((await applyTopics(fewerTiers, admin())).orphans.map(({ topic }) => topic)).toEqual([TIER]);
  expect(await admin().topicNames()).toContain(TIER);
  expect((await applyTopics(fewerTiers, admin(), { dropOrphans: true })).drop).toEqual([TIER]);
  expect(await admin().topicNames()).not.toContain(TIER);
  expect(isSettled(await planTopics(fewerTiers, admin()))).toBe(true);

  // More copies than brokers are refused before anything is made.
  const brokers = await admin().brokerCount();
  expect(await refusedOf(before, { replicationFactor: brokers + 1 })).toContain('KAFKA_REPLICATION_FACTOR');
});
