import { rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openScene, type Scene } from '../support/operated-scene.ts';
import { waitFor } from '../support/wait.ts';

// Promise: a job type whose jobs all die is suspended, and its topic is not emptied into its DLQ: by each process at its
// own limit, by all when one does, through the loss of all of Redis and a deploy, until an operator lets it go on.
const JOBS = 300;
const SLOW = { timeoutMs: 30_000, everyMs: 100 };
let scene: Scene;

beforeAll(async () => {
  scene = await openScene('guard', 100);
}, 60_000);

afterAll(() => scene.close());

test('two processes with 100 jobs at once stop at their limits; after the resume the rest runs, once, in its first attempt', async () => {
  const { producing, settle, archive, json, esteira, letters, ranOf, ledger } = scene;
  await writeFile(`${ledger}.broken`, '');
  const jobs = await Promise.all(
    Array.from({ length: JOBS }, (_, id) => {
      const tenant = scene.TENANTS[id % scene.TENANTS.length] ?? '';
      return producing.dispatch(settle, { id: `s-${id}`, key: '' }, { tenant });
    }),
  );
  await Promise.all([scene.startWorker(), scene.startWorker()]);
  await waitFor(
    'both to have read the suspension',
    async () => (await scene.rulesRead()).every((rules) => rules === 1),
    SLOW,
  );
  expect((await json('control', 'list')).rules).toMatchObject([
    { kind: 'pause', target: { what: 'type', jobType: 'settle' }, actor: 'dead-letter guard' },
  ]);

  // A deploy that mends nothing, and Redis has forgotten everything.
  await scene.stopWorkers();
  const dead = await letters('settle');
  expect(dead).toBeGreaterThanOrEqual(scene.DEAD_IN_A_ROW);
  expect(dead).toBeLessThanOrEqual(2 * scene.DEAD_IN_A_ROW);
  await scene.loseRedis();
  await scene.startWorker();
  await producing.dispatch(archive, { id: 'a-1', key: '' }, { tenant: 'acme' });
  await scene.untilRan('archive', 1);
  expect(await letters('settle')).toBe(dead);

  const listed = await esteira('queues', 'list');
  expect(listed.out).toContain('job type settle is suspended by its dead-letter guard: 20 jobs in a row');
  const states = await Promise.all(jobs.slice(-3).map(({ id }) => json('jobs', 'why', id)));
  expect(states.some(({ state, waitsFor }) => state === 'suspended' && waitsFor === 'operator')).toBe(true);

  await rm(`${ledger}.broken`);
  await json('resume', 'type', 'settle', '--reason', 'mended in 2.4.1', '--run');
  const died = await scene.lettersOf('settle');
  await waitFor(
    'all that have no letter',
    async () => {
      const ran = new Set(await ranOf('settle'));
      return jobs.every(({ id }, index) => died.has(id) || ran.has(`s-${index} 1`));
    },
    SLOW,
  );
  // What had its letter may have run all the same: Redis has forgotten that it died before its offset was committed.
  const ran = await ranOf('settle');
  expect(new Set(ran).size).toBe(ran.length);
  expect(ran.every((line) => line.endsWith(' 1'))).toBe(true);
  expect(await letters('settle')).toBe(dead);
}, 90_000);
