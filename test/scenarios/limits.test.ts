import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Esteira, type JobEvent, start } from '../../src/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { invoice } from '../support/invoices.ts';
import { LEASE_MS, LIMIT, limitsApp, PACE } from '../support/limits-app.ts';
import { openServices } from '../support/open-services.ts';
import { freshName } from '../support/scenario.ts';
import { TENANTS } from '../support/scenario-app.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { pause, waitFor } from '../support/wait.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

// Promise: limits, start rates and locks hold over all processes, also when one of them is killed.
type Limits = ReturnType<typeof limitsApp>;

const closers: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

/** Another process of the app, as far as the services can see: connections of its own. */
const startOne = async (
  { app }: Limits,
  roles: readonly ('worker' | 'relay')[],
  queues?: readonly string[],
) => {
  const { backend, close } = await openServices(app);
  closers.push(close);
  await applyTopics(app, backend.broker.admin, {});
  const told: JobEvent[] = [];
  const lines: string[] = [];
  const esteira = await start(app, {
    ...{ backend, roles, ...(queues === undefined ? {} : { queues }) },
    environment: { ...process.env, LOG_LEVEL: 'info', WORKER_SHUTDOWN_GRACE_SECONDS: '2' },
    onJobEvent: (event) => told.push(event),
    logTo: { write: (line) => lines.push(line) },
  });
  closers.push(() => esteira.stop());
  const completed = (type: string) =>
    told.filter((event) => event.type === 'job.completed' && event.jobType === type).length;
  return { esteira, lines, completed };
};

const publishAll = async (esteira: Esteira, { paid }: Limits, count: number): Promise<void> => {
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      esteira.publish(paid, invoice(`p${index}`), { tenant: TENANTS[index % 12] ?? '' }),
    ),
  );
};

const EVENTS = 90;

test('limit, start rate and lock hold over two workers, and all jobs run', async () => {
  const running = new Map<string, number>();
  const most = new Map<string, number>();
  const paced: number[] = [];
  const limits = limitsApp(freshName('limits'), async (type, _event, ctx) => {
    if (type === 'pace') paced.push(Date.now());
    const name = type === 'count' || type === 'pace' ? type : `lock of ${ctx.tenant}`;
    const count = (running.get(name) ?? 0) + 1;
    running.set(name, count);
    most.set(name, Math.max(most.get(name) ?? 0, count));
    await pause(10);
    running.set(name, (running.get(name) ?? 0) - 1);
  });
  const one = await startOne(limits, ['worker', 'relay']);
  const two = await startOne(limits, ['worker', 'relay']);
  await publishAll(one.esteira, limits, EVENTS);
  const done = (type: string) => one.completed(type) + two.completed(type);
  await waitFor('all jobs', () => ['count', 'pace', 'bill', 'check'].every((type) => done(type) === EVENTS), {
    timeoutMs: 60_000,
  });
  expect(most.get('count')).toBe(LIMIT);
  for (const worker of [one, two]) expect(worker.completed('count')).toBeGreaterThan(5);
  // A start is taken before the claim: what that takes may bring two stretches closer together.
  const inStretch = paced.map(
    (from) => paced.filter((at) => at >= from && at < from + PACE.per - 150).length,
  );
  expect(Math.max(...inStretch)).toBeLessThanOrEqual(PACE.count);
  const locks = [...most].filter(([name]) => name.startsWith('lock'));
  expect(locks).toHaveLength(12);
  expect(locks.filter(([, count]) => count !== 1)).toEqual([]);
});

test('slots of a worker that was killed are found after their lease, freed and told; no more run before', async () => {
  const ns = freshName('slots');
  const file = join(temporaryFolder('limits'), 'starts');
  const startsMs: number[] = [];
  const limits = limitsApp(ns, async () => {
    startsMs.push(Date.now());
    await pause(5);
  });
  const { esteira } = await startOne(limits, []);
  const child = await startWorkerProcess({
    program: 'test/support/limits-worker.ts',
    env: { LIMITS_NS: ns, LIMITS_FILE: file },
    logFile: `${file}.log`,
  });
  await publishAll(esteira, limits, 24);
  const hung = () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').length : 0);
  await waitFor('it to hold every slot', () => hung() === LIMIT, { timeoutMs: 20_000 });
  const other = await startOne(limits, ['worker'], ['few']);
  await pause(LEASE_MS + 500);
  expect([hung(), startsMs.length]).toEqual([LIMIT, 0]);
  const killedMs = Date.now();
  await child.kill();
  await waitFor('the first of the other', () => startsMs.length > 0, { timeoutMs: LEASE_MS + 8_000 });
  expect(Math.min(...startsMs) - killedMs).toBeGreaterThan(LEASE_MS / 4);
  await waitFor('all jobs', () => other.completed('count') === 24, { timeoutMs: 30_000 });
  const freed = other.lines.filter((line) => line.includes('slots of dead processes were freed'));
  expect(freed.map((line) => JSON.parse(line).freed).reduce((sum, count) => sum + count, 0)).toBe(LIMIT);
});
