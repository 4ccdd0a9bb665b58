import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, expect, test } from 'vitest';
import { jobIdOf } from '../../src/core/ids.ts';
import { invoice } from '../support/invoices.ts';
import { operatorOf } from '../support/operator.ts';
import { freshName } from '../support/scenario.ts';
import { ROOT } from '../support/source-files.ts';
import { waitFor } from '../support/wait.ts';

const ns = freshName('where');
process.env['WHERE_NS'] = ns;
const environment = {
  ...process.env,
  ...{ ESTEIRA_APP: 'test/support/where-app.ts', WHERE_NS: ns, HEALTH_PORT: '0', LOG_LEVEL: 'silent' },
};
let worker: ChildProcess | undefined;

afterAll(() => {
  worker?.kill('SIGKILL');
});

const { esteira, json } = operatorOf(environment);

/** A process that runs the default queue, and not the other one. */
const startWorker = async (): Promise<ChildProcess> => {
  const args = ['--import', 'tsx', 'src/cli/main.ts', 'start', '--queues', 'default'];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    told += chunk.toString();
  });
  const isRunning = (): boolean => {
    if (child.exitCode !== null) throw new Error(`the worker ended with ${child.exitCode}: ${told}`);
    return told.includes('is running');
  };
  await waitFor('the worker to run', isRunning, { timeoutMs: 60_000 });
  return child;
};

/** Publishes an invoice and gives the id of the job it is. */
const publish = async (jobType: string, paymentId: string): Promise<string> => {
  const payload = JSON.stringify(invoice(paymentId));
  await json(
    ...['events', 'publish', 'condominium.events.InvoicePaid', '--tenant', 'acme'],
    ...['--payload', payload, '--id', paymentId],
  );
  return jobIdOf(ns, jobType, ns, paymentId);
};

const why = (id: string, ...args: readonly string[]) => json('jobs', 'why', id, ...args);

/** Asks until a job is in a state, waiting for something. */
const untilIs = (id: string, state: string, waitsFor: string) =>
  waitFor(
    `${id} to be ${state}, for ${waitsFor}`,
    async () => {
      const answer = await why(id);
      // The store knows of an ending a moment before it is told: an answer from both is waited for.
      const isTold = answer.attempts !== null || state === 'parked';
      return isTold && answer.state === state && answer.waitsFor === waitsFor ? answer : undefined;
    },
    { timeoutMs: 20_000, everyMs: 300 },
  );

// Promise: an operator who has only a job's id is told where it is, what it waits for and what to do, from the topics
// and the store alone, whether it has started or not, and also when its worker is dead; and looking changes nothing.
test('every job says where it is and why, from waiting to dead, and a stuck key can be helped on', async () => {
  await json('schemas', 'register');
  await json('topics', 'apply');
  const ids = {
    ok: await publish('settle', 'one-ok'),
    fail: await publish('settle', 'one-fail'),
    dead: await publish('settle', 'one-dead'),
    head: await publish('post-entry', 'row-1'),
    behind: await publish('post-entry', 'row-2'),
    old: await publish('archive', 'old-1'),
    hang: await publish('settle', 'one-hang'),
  };
  expect(await why(ids.ok)).toMatchObject({ jobType: 'settle', state: 'waiting', waitsFor: 'worker' });

  worker = await startWorker();
  const [completed, failed, dead, parked] = [
    await untilIs(ids.ok, 'completed', 'nothing'),
    await untilIs(ids.fail, 'retrying', 'due-time'),
    await untilIs(ids.dead, 'dead', 'operator'),
    await untilIs(ids.behind, 'parked', 'head'),
  ];
  expect(completed).toMatchObject({ tenant: 'acme', attempts: 1, gaps: [], isCut: false });
  expect(failed.says).toMatch(new RegExp(`TypeError.*waits on tier ${ns}.retry.5m for attempt 2, due at`));
  expect(dead.says).toContain('no such account');
  expect(await json('dlq', 'show', dead.position)).toMatchObject({ jobId: ids.dead });
  expect(parked.says).toContain(`behind 1 record of its ordering key "BRL": the head, job ${ids.head}`);
  expect(await untilIs(ids.head, 'retrying', 'due-time')).toMatchObject({ orderKey: 'BRL' });
  expect(await why(ids.old, '--tenant', 'acme')).toMatchObject({ state: 'waiting', waitsFor: 'worker' });
  expect(await untilIs(ids.hang, 'running', 'nothing')).toMatchObject({ attempts: 1, starts: 1 });

  const { history } = await json('jobs', 'show', ids.fail);
  expect(history.map(({ type }: { type: string }) => type)).toEqual([
    ...['job.started', 'job.failed', 'job.retried'],
  ]);
  // The process says what runs in it at its next look.
  const listed = () => json('queues', 'list');
  const isSaid = async () => (await listed()).queues[0].jobTypes[0].running === 1;
  await waitFor('the running job to be said', isSaid, { timeoutMs: 20_000, everyMs: 300 });
  const { queues, gaps } = await listed();
  expect(gaps).toEqual([]);
  expect(queues).toMatchObject([
    {
      queue: 'default',
      jobTypes: [
        { deadLetters: 1, members: 1, running: 1, reporting: 1, starts: 'free', stopped: [] },
        { keysParked: 1, members: 1, running: 0, reporting: 1 },
      ],
    },
    { queue: 'night', limit: { used: 0, most: 2 }, jobTypes: [{ members: 0, running: null }] },
  ]);
  const { keys } = await json('keys', 'list', 'post-entry');
  expect(keys).toMatchObject([
    { tenant: 'acme', key: 'BRL', parked: 2, head: { jobId: ids.head, attempt: 2 } },
  ]);

  const decided = ['post-entry', '--tenant', 'acme', '--key', 'BRL', '--actor', 'ana', '--reason', 'wrong'];
  expect((await esteira('keys', 'unblock', ...decided, '--run')).code).toBe(3);
  expect((await esteira('keys', 'skip', ...decided)).out).toContain('Nothing was changed: add --run');
  expect((await json('keys', 'skip', ...decided, '--run')).changes).toMatchObject([{ outcome: 'skipped' }]);
  expect((await why(ids.head)).says).toContain('It is to die at its next claim: unrecoverable.');

  worker.kill('SIGKILL');
  await once(worker, 'exit');
  const over = await untilIs(ids.hang, 'waiting', 'worker');
  expect(over.says).toContain('the worker died, and the lease ended at');
  expect((await esteira('jobs', 'why', 'no-such-job')).code).toBe(1);
}, 90_000);
