import { afterAll, beforeAll, expect, test } from 'vitest';
import { openScene, type Scene } from '../support/operated-scene.ts';
import { waitFor } from '../support/wait.ts';

// Promise: limits, pauses of tenants and keys, cancels and purges are obeyed by all running processes within seconds, and
// stand when Redis has lost everything in between.
const SLOW = { timeoutMs: 30_000, everyMs: 50 };
const why = ['--reason', 'the bank asked us to', '--run'];
let scene: Scene;

beforeAll(async () => {
  scene = await openScene('at-work', 20);
  await Promise.all([scene.startWorker(), scene.startWorker()]);
}, 60_000);

afterAll(() => scene.close());

/** Every process knows what stands now. After each order, or the next could be taken for it. */
const obeyed = async (): Promise<void> => {
  const { length } = (await scene.json('control', 'list')).rules;
  const all = async (): Promise<boolean> => (await scene.rulesRead()).every((rules) => rules === length);
  await waitFor('all processes to obey', all, { timeoutMs: 4_000, everyMs: 20 });
};

/** Says it as an operator does, and waits until all processes have read it. */
const ordered = async (...args: readonly string[]) => {
  const { changes } = await scene.json(...args, ...why);
  await obeyed();
  return changes;
};

const dispatch = (type: 'count' | 'keyed' | 'archive' | 'long', id: string, tenant = 'acme', key = '') =>
  scene.producing.dispatch(scene[type], { id, key }, { tenant });

/** Jobs of `count` that ran at once over both processes. */
const mostAtOnce = async (): Promise<number> => {
  let [running, most] = [0, 0];
  for (const line of await scene.lines()) {
    running += line.startsWith('begun ') ? 1 : line.startsWith('ended ') ? -1 : 0;
    most = Math.max(most, running);
  }
  return most;
};

test('a limit that is set while jobs run holds over both processes, and after Redis has lost what it counted', async () => {
  const many = Array.from({ length: 40 }, (_, id) => `c-${id}`);
  await ordered('limits', 'set', 'few', '--limit', '2');
  await scene.loseRedis();
  for (const id of many) await dispatch('count', id);
  await waitFor('some to run', async () => (await scene.ranOf('count')).length >= 6, SLOW);
  expect(await mostAtOnce()).toBe(2);
  await ordered('limits', 'clear', 'few');
  await scene.untilRan('count', 40);
  const most = await mostAtOnce();
  expect(most).toBeGreaterThan(2);
  expect(most).toBeLessThanOrEqual(scene.APP_LIMIT);
}, 60_000);

test('a paused tenant and a paused key wait, through the loss of Redis, and come back within seconds', async () => {
  await ordered('pause', 'tenant', 'acme', '--job-type', 'archive');
  await ordered('pause', 'key', 'EUR', '--job-type', 'keyed', '--tenant', 'globex');
  for (const id of ['a-1', 'a-2', 'a-3']) await dispatch('archive', id);
  for (const id of ['e-1', 'e-2', 'e-3']) await dispatch('keyed', id, 'globex', 'EUR');
  await scene.loseRedis();
  await dispatch('archive', 'g-1', 'globex');
  await dispatch('keyed', 'u-1', 'globex', 'USD');
  await scene.untilRan('archive', 1);
  await scene.untilRan('keyed', 1);
  // Until the tenant's are on the tier of a minute, from where they came back when that was over.
  const tier = `${scene.ns}.retry.1m`;
  await waitFor(
    'the tenant’s to be set aside',
    async () => {
      const ranges = await scene.backend.broker.admin.offsetRanges(tier);
      return ranges.reduce((sum, { high }) => sum + Number(high), 0) >= 3;
    },
    SLOW,
  );
  expect(await scene.ranOf('archive')).toEqual(['g-1 1']);
  expect(await scene.ranOf('keyed')).toEqual(['u-1 1']);
  await ordered('resume', 'tenant', 'acme', '--job-type', 'archive');
  await ordered('resume', 'key', 'EUR', '--job-type', 'keyed', '--tenant', 'globex');
  await waitFor('the tenant’s', async () => (await scene.ranOf('archive')).length === 4, {
    ...{ timeoutMs: 8_000, everyMs: 50 },
  });
  await scene.untilRan('keyed', 4);
  expect((await scene.ranOf('keyed')).slice(1)).toEqual(['e-1 1', 'e-2 1', 'e-3 1']);
}, 60_000);

test('a job that runs in one process is cancelled from another, with Redis lost in between, and ends as cancelled', async () => {
  const { id } = await dispatch('long', 'l-1');
  await scene.untilRan('long', 1);
  expect((await scene.json('jobs', 'cancel', id, ...why)).changes).toMatchObject([
    { outcome: 'set', point: 'running' },
  ]);
  await scene.loseRedis();
  await scene.untilRan('aborted', 1);
  await obeyed();
  await waitFor('its end', async () => (await scene.json('jobs', 'why', id)).state === 'cancelled', SLOW);
  expect(await scene.ranOf('long')).toEqual(['l-1 1']);
}, 60_000);

test('a purge ends what waits, also when Redis is lost behind it, and what comes later runs', async () => {
  const before = (await scene.ranOf('count')).length;
  await ordered('pause', 'queue', 'few');
  const waiting = await Promise.all(Array.from({ length: 10 }, (_, id) => dispatch('count', `w-${id}`)));
  const [change] = await ordered('queues', 'purge', 'few');
  expect(change).toMatchObject({ outcome: 'set', records: 10 });
  await scene.loseRedis();
  await dispatch('count', 'later');
  await ordered('resume', 'queue', 'few');
  await scene.untilRan('count', before + 1);
  const last = waiting.at(-1)?.id ?? '';
  await waitFor(
    'the last of them',
    async () => (await scene.json('jobs', 'why', last)).state === 'cancelled',
    SLOW,
  );
  expect((await scene.ranOf('count')).slice(before)).toEqual(['later 1']);
}, 60_000);

test('what is dispatched by hand is audited first, and refused when it cannot be', async () => {
  const { admin } = scene.backend.broker;
  const dispatched = ['jobs', 'dispatch', 'archive', '--tenant', 'acme', '--payload', '{"id":"by-hand"}'];
  await admin.alterTopicConfig(`${scene.ns}.audit`, { 'max.message.bytes': '10' });
  const refused = await scene.esteira(...dispatched, '--reason', 'lost in an outage');
  expect(refused).toMatchObject({ code: 3, err: expect.stringContaining(`${scene.ns}.audit`) });
  await admin.alterTopicConfig(`${scene.ns}.audit`, { 'max.message.bytes': '1114112' });
  const before = (await scene.ranOf('archive')).length;
  expect((await scene.esteira(...dispatched, '--reason', 'lost in an outage')).code).toBe(0);
  await scene.untilRan('archive', before + 1);
  expect((await scene.ranOf('archive')).filter((ran) => ran.startsWith('by-hand'))).toHaveLength(1);
}, 60_000);
