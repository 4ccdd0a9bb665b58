import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AuditRecord } from '../../src/core/generated/audit-record.ts';
import { jobIdOf } from '../../src/core/ids.ts';
import { start } from '../../src/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { invoice } from '../support/invoices.ts';
import { type OpenServices, openServices } from '../support/open-services.ts';
import { operatorOf } from '../support/operator.ts';
import { type OwnRedis, startOwnRedis } from '../support/own-redis.ts';
import { freshName, readTopic } from '../support/scenario.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';

// Promise: what operators have ordered stands on the control topic: it survives the loss of all of Redis and a deploy,
// is obeyed within two seconds, and nothing is ordered that was not audited first.
const ns = freshName('control');
const SLOW = { timeoutMs: 30_000, everyMs: 50 };
let folder: string;
let redis: OwnRedis;
let services: OpenServices;
const workers: WorkerProcess[] = [];

beforeAll(async () => {
  folder = temporaryFolder('control');
  Object.assign(process.env, { CONTROL_NS: ns, CONTROL_LEDGER: join(folder, 'ledger') });
  await writeFile(join(folder, 'ledger'), '');
  const operators = { [userInfo().username]: { name: 'ana', roles: ['operator'] } };
  await writeFile(join(folder, 'operators.json'), JSON.stringify({ operators }));
  redis = await startOwnRedis();
});

afterAll(async () => {
  for (const worker of workers) if (worker.isAlive()) await worker.kill();
  await services?.close();
  await redis.stop();
});

const environment = () => ({
  ...process.env,
  ...{ REDIS_URL: redis.url, LOG_LEVEL: 'silent', HEALTH_PORT: '0', WORKER_SHUTDOWN_GRACE_SECONDS: '2' },
  ...{ ESTEIRA_APP: 'test/support/control-app.ts', ESTEIRA_OPERATORS_FILE: join(folder, 'operators.json') },
});

const startWorker = async (): Promise<WorkerProcess> => {
  const worker = await startWorkerProcess({
    ...{ program: 'test/support/control-worker.ts', logFile: join(folder, 'worker.log') },
    env: { REDIS_URL: redis.url, LOG_LEVEL: 'info', HEALTH_PORT: '0', CONTROL_NS: ns },
  });
  workers.push(worker);
  return worker;
};

const ranOf = async (type: string): Promise<readonly string[]> =>
  (await readFile(join(folder, 'ledger'), 'utf8'))
    .split('\n')
    .flatMap((line) => (line.startsWith(`${type} `) ? [line.slice(type.length + 1)] : []));

const untilRan = (type: string, count: number) =>
  waitFor(`${count} of ${type}`, async () => (await ranOf(type)).length === count, SLOW);

const audited = async (): Promise<readonly string[]> => {
  const actions: string[] = [];
  for (const { value } of await readTopic(services, `${ns}.audit`)) {
    const decoded = await services.backend.serde.decode(AuditRecord, value);
    if (decoded.ok) actions.push(`${decoded.value.action} ${decoded.value.actor}`);
  }
  return actions;
};

const why = ['--reason', 'the bank is on holiday', '--run'];

test('a pause survives the loss of Redis and a deploy; what waited runs after it, once, with no attempt spent', async () => {
  const { default: app, paid } = await import('../support/control-app.ts');
  services = await openServices(app, environment());
  await applyTopics(app, services.backend.broker.admin, {});
  const { esteira, json } = operatorOf(environment());
  const producing = await start(app, { environment: environment(), backend: services.backend, roles: [] });
  const publish = (id: string) => producing.publish(paid, invoice(id), { tenant: 'acme', id });

  let worker = await startWorker();
  await publish('p-0');
  await untilRan('settle', 1);
  await untilRan('archive', 1);

  expect((await json('pause', 'queue', 'money', ...why)).changes).toMatchObject([{ outcome: 'set' }]);
  const log = join(folder, 'worker.log');
  await waitFor('the pause to be obeyed', async () => (await readFile(log, 'utf8')).includes('rules of op'), {
    ...{ timeoutMs: 2_000, everyMs: 20 },
  });
  for (let id = 1; id <= 20; id += 1) await publish(`p-${id}`);
  await untilRan('archive', 21);
  expect(await ranOf('settle')).toEqual(['p-0 1']);

  // A deploy, and Redis comes back with nothing.
  expect(await worker.stop()).toBe(0);
  await redis.server.kill();
  await redis.server.start({ keepData: false });
  worker = await startWorker();
  await publish('p-21');
  await waitFor(
    'the new worker to work',
    async () => (await ranOf('archive')).some((ran) => ran === 'p-21 1'),
    SLOW,
  );
  expect(await ranOf('settle')).toEqual(['p-0 1']);

  const waiting = jobIdOf(ns, 'settle', ns, 'p-7');
  const explained = await json('jobs', 'why', waiting);
  expect(explained).toMatchObject({ state: 'suspended', waitsFor: 'operator' });
  expect(explained.says).toMatch(/queue money is paused since .* by ana because: the bank is on holiday/);
  expect((await json('jobs', 'cancel', waiting, ...why)).changes).toMatchObject([
    { outcome: 'set', point: 'waiting' },
  ]);

  // With the audit topic unwritable nothing is done.
  const { admin } = services.backend.broker;
  await admin.alterTopicConfig(`${ns}.audit`, { 'max.message.bytes': '10' });
  const refused = await esteira('resume', 'queue', 'money', ...why);
  expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('ESTEIRA_AUDIT_UNAVAILABLE') });
  expect((await json('control', 'list')).rules).toHaveLength(2);
  await admin.alterTopicConfig(`${ns}.audit`, { 'max.message.bytes': '1048588' });

  expect((await json('resume', 'queue', 'money', ...why)).changes).toMatchObject([{ outcome: 'cleared' }]);
  await untilRan('settle', 21);
  await waitFor(
    'the cancelled one to end',
    async () => (await json('jobs', 'why', waiting)).state === 'cancelled',
    {
      ...{ timeoutMs: 20_000, everyMs: 200 },
    },
  );
  const ids = Array.from({ length: 22 }, (_, id) => `p-${id} 1`).filter((ran) => ran !== 'p-7 1');
  expect((await ranOf('settle')).toSorted()).toEqual(ids.toSorted());
  expect(await esteira('jobs', 'cancel', jobIdOf(ns, 'settle', ns, 'p-8'), ...why)).toMatchObject({
    ...{ code: 3, out: expect.stringContaining('too late: it is completed') },
  });
  expect(await audited()).toEqual(['control.pause ana', 'jobs.cancel ana', 'control.resume ana']);
  await producing.stop();
  expect(await worker.stop()).toBe(0);
});
