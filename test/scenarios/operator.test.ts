import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { operatorOf } from '../support/operator.ts';
import { freshName } from '../support/scenario.ts';
import { ROOT } from '../support/source-files.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';

const ns = freshName('operator');
const folder = temporaryFolder('operator');
const environment = {
  ...process.env,
  ESTEIRA_APP: 'test/support/operator-app.ts',
  OPERATOR_NS: ns,
  OPERATOR_FOLDER: folder,
  HEALTH_PORT: '0',
  LOG_LEVEL: 'silent',
};
Object.assign(process.env, { OPERATOR_NS: ns, OPERATOR_FOLDER: folder });
let worker: ChildProcess | undefined;

afterAll(() => {
  worker?.kill('SIGKILL');
});

const { esteira, json } = operatorOf(environment);

/** `esteira start` in a process of its own, once it says that it runs. */
const startWorker = async (): Promise<ChildProcess> => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', 'start'], {
    cwd: ROOT,
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    told += chunk.toString();
  });
  await waitFor(
    'the worker to run',
    () => {
      if (child.exitCode !== null) throw new Error(`the worker ended with ${child.exitCode}: ${told}`);
      return told.includes('is running');
    },
    { timeoutMs: 60_000 },
  );
  return child;
};

const deadLetters = async () => json('dlq', 'list');
const invoice = (paymentId: string): string =>
  JSON.stringify({
    ...{ tenantId: 'acme', invoiceId: 'i-1', paymentId, amountCents: 100, currency: 'BRL' },
    ...{ lines: [], paidAt: 1_760_000_000_000 },
  });

// Promise: workers refuse to start on topics that are not as the app says; a dead letter never runs again without a
// human, and a human can run it again from the command line, dry first, audited before it is done.
test('an operator brings an app up, finds what died and puts it back, all from the command line', async () => {
  await json('schemas', 'register');

  const refused = await esteira('start', '--no-health');
  expect(refused.code).toBe(3);
  for (const topic of ['events', 'job.send-receipt', 'retry.1s', 'dlq.send-receipt', 'audit']) {
    expect(refused.err).toContain(`topic ${ns}.${topic} is missing`);
  }
  const plan = await json('topics', 'plan');
  expect([plan.settled, plan.create.length]).toEqual([false, 10]);
  await json('topics', 'apply');
  expect((await json('topics', 'plan')).settled).toBe(true);

  worker = await startWorker();
  const publish = ['events', 'publish', 'condominium.events.InvoicePaid', '--tenant', 'acme'] as const;
  await json(...publish, '--payload', invoice('p-1'), '--id', 'e-1');
  await waitFor('the dead letter', async () => (await deadLetters()).matched === 1, {
    timeoutMs: 30_000,
    everyMs: 300,
  });
  const [letter] = (await deadLetters()).letters;
  expect(letter).toMatchObject({
    reason: 'unrecoverable',
    tenant: 'acme',
    eventId: 'e-1',
    jobType: 'send-receipt',
  });
  const shown = await json('dlq', 'show', letter.position);
  expect(shown.payload).toMatchObject({ readable: true, value: { paymentId: 'p-1', amountCents: 100 } });

  const replay = ['dlq', 'replay', letter.position, '--actor', 'ana', '--reason', 'template mended'] as const;
  expect((await json(...replay)).items).toMatchObject([{ outcome: 'would_replay' }]);
  writeFileSync(join(folder, 'fixed'), '');
  expect((await json(...replay, '--run')).items).toMatchObject([
    { outcome: 'replayed', jobId: letter.jobId },
  ]);
  const receipts = (): string => readFileSync(join(folder, 'receipts'), { encoding: 'utf8', flag: 'a+' });
  await waitFor('the receipt', () => receipts() !== '', { timeoutMs: 30_000 });
  expect(receipts()).toBe(`p-1 ${letter.jobId}\n`);

  worker.kill('SIGTERM');
  await once(worker, 'exit');
  expect(worker.exitCode).toBe(0);
});
