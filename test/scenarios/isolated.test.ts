import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JobEvent } from '../../src/index.ts';
import { invoice } from '../support/invoices.ts';
import { freshName, type Scenario, startScenario } from '../support/scenario.ts';
import { TENANTS } from '../support/scenario-app.ts';
import { ROOT } from '../support/source-files.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { pause, waitFor } from '../support/wait.ts';

// Promise: a handler that computes, hangs or ends its thread hurts no other job, keeps its claim while it runs, and is
// stopped hard at its time-out.
const ns = freshName('isolated');
const ledger = join(temporaryFolder('isolated'), 'ledger');
writeFileSync(ledger, '');
Object.assign(process.env, { ISOLATED_NS: ns, ISOLATED_LEDGER: ledger, ISOLATED_TIMEOUT_MS: '8000' });
const appModule = pathToFileURL(join(ROOT, 'test/support/isolated-app.ts'));
const { default: app, isolatedEvent } = await import('../support/isolated-app.ts');

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario(app, { appModule });
});
afterAll(() => scenario.close());

const publish = (what: string, tenant = 0) =>
  scenario.esteira.publish(isolatedEvent, invoice(what), { tenant: TENANTS[tenant] ?? '' });
const starts = (what: string): readonly string[] =>
  readFileSync(ledger, 'utf8')
    .trim()
    .split('\n')
    .filter((line) => line.startsWith(`start ${what} `));
const long = { timeoutMs: 60_000 };

test('a handler that computes for three seconds under a lease of one keeps its claim, and delays nobody', async () => {
  await publish('compute');
  await waitFor('it to compute', () => starts('compute').length === 1, long);
  for (let index = 0; index < 20; index += 1) {
    await publish(`quick:${index}`, index + 1);
    await pause(50);
  }
  const completed = (type: string) =>
    scenario.toldOf('job.completed').filter(({ jobType }) => jobType === type);
  await waitFor(
    'all jobs',
    () => completed('crunch').length === 21 && completed('quick').length === 21,
    long,
  );
  const computed = completed('crunch').filter(({ tenantId }) => tenantId === TENANTS[0]);
  expect(computed[0]?.runMs).toBeGreaterThanOrEqual(3_000);
  expect(computed.map(({ attempt, starts: begun }) => [attempt, begun])).toEqual([[1, 1]]);
  expect(starts('compute')).toEqual(['start compute 1']);
  expect(scenario.toldOf('job.failed')).toEqual([]);
  const ended = computed[0]?.time ?? 0;
  const others = ({ jobType, tenantId }: JobEvent) => jobType === 'quick' && tenantId !== TENANTS[0];
  // Held up by what computes, none of them could: their events were published after it had begun.
  const beside = scenario
    .toldOf('job.completed')
    .filter((event) => others(event) && event.time < ended - 500);
  expect(beside.length).toBeGreaterThanOrEqual(3);
  const waits = scenario
    .toldOf('job.started')
    .filter(others)
    .map(({ queueWaitMs }) => queueWaitMs ?? 0);
  expect(waits.toSorted((a, b) => a - b)[Math.floor(waits.length / 2)]).toBeLessThan(2_000);
});

test('a handler that never ends is stopped at its time-out and retried, then dead; one that ends its thread too', async () => {
  await publish('loop');
  await publish('exit', 1);
  const dead = () => scenario.toldOf('job.sent_to_dlq');
  await waitFor('both to be dead', () => dead().length === 2, long);
  const codes = Object.fromEntries(
    dead().map(({ errorCode, reason, attempt }) => [errorCode, [reason, attempt]]),
  );
  expect(codes).toEqual({
    ESTEIRA_ATTEMPT_TIMEOUT: ['attempts_exhausted', 2],
    ESTEIRA_THREAD_DIED: ['attempts_exhausted', 2],
  });
  expect([starts('loop').length, starts('exit').length]).toEqual([2, 2]);
  await waitFor(
    'the dead letters',
    async () => (await scenario.records(`${ns}.dlq.crunch`)).length === 2,
    long,
  );
  await publish('progress', 2);
  const reports = () => scenario.toldOf('job.progress').map(({ metrics }) => metrics['percent']);
  await waitFor('the next to run, in a new thread', () => reports().includes(100), long);
  await scenario.esteira.idle();
});
