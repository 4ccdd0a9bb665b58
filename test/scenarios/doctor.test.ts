import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AppDefinition } from '../../src/core/app.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import { type Check, diagnoseApp } from '../../src/runtime/doctor/index.ts';
import { openBackend } from '../../src/runtime/open-backend.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { type OpenServices, openServices } from '../support/open-services.ts';
import { operatorOf } from '../support/operator.ts';
import { type OwnRedis, startOwnRedis } from '../support/own-redis.ts';
import { freshName } from '../support/scenario.ts';

const ns = freshName('doctor');
Object.assign(process.env, { OPERATOR_NS: ns });
const environment = { ...process.env, ESTEIRA_APP: 'test/support/operator-app.ts' };
const HOUR_MS = 3_600_000;

let app: AppDefinition;
let services: OpenServices;
let redis: OwnRedis;
beforeAll(async () => {
  app = (await import('../support/operator-app.ts')).default;
  services = await openServices(app, environment);
  redis = await startOwnRedis();
  await applyTopics(app, services.backend.broker.admin, {});
});
afterAll(async () => {
  await redis.stop();
  await services.close();
});

const { esteira, json } = operatorOf(environment);

/** All checks that are not ok, of the app as it is here or as it is changed to be. */
const found = async (changed: AppDefinition = app, change: Record<string, string> = {}) => {
  const { checks } = await diagnoseApp(changed, {
    environment: { ...environment, ...change },
    ...{ openBackend, log: silentLog, nowMs: () => Date.now() },
  });
  return checks.filter(({ verdict }) => verdict !== 'ok');
};

const write = async (topic: string, agoMs: number): Promise<void> => {
  const producer = await services.backend.broker.createProducer();
  const record = { topic, partition: 0, key: null, value: Buffer.from('x'), headers: [] };
  await producer.send({ ...record, timestampMs: Date.now() - agoMs });
  await producer.close();
};

const lines = (checks: readonly Check[]): readonly string[] =>
  checks.map(({ verdict, name, says }) => `${verdict} ${name}: ${says}`);

// Promise: on sound services nothing is a problem, the command ends with 0, and it has changed nothing.
test('sound services pass, with a line for each thing looked at', async () => {
  const { checks, counts } = await json('doctor');
  expect(counts.problem).toBe(0);
  expect([...new Set(checks.map(({ area }: Check) => area))].sort()).toEqual([
    ...['configuration', 'groups', 'redis', 'registry', 'rights', 'services', 'topics'],
  ]);
  const { code, out } = await esteira('doctor');
  expect(code).toBe(0);
  expect(out).toMatch(/^ok {4}Kafka: \d brokers? at \S+ release \d/m);
  expect(out).toMatch(/^ok {4}schema registry: .*\d at \S+$/m);
  expect(out).toMatch(/^ok {4}Redis: version \d+\.\d+/m);
  expect(out.split('\n').filter((line) => line.length > 80 && line.includes(' ', 12))).toEqual([]);
  expect((await json('topics', 'plan')).settled).toBe(true);
});

test('a Redis that may evict, and keeps no file, is found: a problem and a warning, by exit code too', async () => {
  const client = new Redis(redis.url);
  await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await client.config('SET', 'appendonly', 'no');
  const checks = await found(app, { REDIS_URL: redis.url });
  expect(lines(checks.filter(({ area }) => area === 'redis'))).toEqual([
    'problem eviction: allkeys-lru: a dropped done mark lets a job run twice',
    expect.stringMatching(/^warning persistence: no append-only file/),
  ]);
  await client.config('SET', 'maxmemory-policy', 'noeviction');
  client.disconnect();
  const there = operatorOf({ ...environment, REDIS_URL: redis.url });
  expect((await there.esteira('doctor')).code).toBe(0);
  expect((await there.esteira('doctor', '--strict')).code).toBe(1);
});

test('a Redis that is down is one problem, told without its password, and the rest is looked at', async () => {
  // Other scenarios register newer schemas in the same registry: told before and after.
  const before = lines(await found());
  await redis.server.kill();
  const checks = await found(app, { REDIS_URL: redis.url.replace('//', '//:hush-hush@') });
  const told = lines(checks);
  expect(told).toEqual(expect.arrayContaining([...before]));
  expect(checks.filter((_, at) => !before.includes(told[at] ?? ''))).toMatchObject([
    { area: 'services', name: 'Redis', verdict: 'problem' },
    { area: 'redis', verdict: 'unknown' },
  ]);
  expect(JSON.stringify(checks)).not.toContain('hush-hush');
});

test('the topics of a job type that is new are missing, and those of one that is gone are left behind', async () => {
  const { admin } = services.backend.broker;
  const replicationFactor = Math.min(3, await admin.brokerCount());
  await admin.createTopics([{ topic: `${ns}.dlq.gone`, partitions: 1, replicationFactor, config: {} }]);
  await write(`${ns}.dlq.gone`, 0);
  const [job] = app.jobs;
  const another = { ...app, jobs: job === undefined ? [] : [job, { ...job, type: 'send-bill' }] };
  const checks = await found(another);
  expect(lines(checks.filter(({ area }) => area === 'topics'))).toEqual([
    expect.stringMatching(/^problem missing topics: \d of \d+ are missing: .*job\.send-bill/),
    `warning ${ns}.dlq.gone: is a DLQ that the app does not know, with 1 record on it`,
  ]);
  expect(lines(checks)).toContainEqual(
    expect.stringMatching(`^problem ${ns}.job.send-bill: has no offsets on 2 partitions of ${ns}.events`),
  );
});

test('a group with old records and no members is stuck, and the command fails', async () => {
  const group = `${ns}.job.send-receipt`;
  await write(`${ns}.job.send-receipt`, HOUR_MS);
  const stuck = (await found()).filter(({ name }) => name === group);
  expect(lines(stuck)).toEqual([
    `problem ${group}: is stuck: 1 record waits, the oldest 1 h, and it has no members`,
  ]);
  const { code, out } = await esteira('doctor');
  expect(code).toBe(1);
  expect(out).toContain(`FAIL  ${group}: is stuck:`);
  expect(out).toContain('-> start a worker');
});
