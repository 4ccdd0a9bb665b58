import { expect, test } from 'vitest';
import { invoice } from '../../../support/invoices.ts';
import { scrape } from '../../../support/metered-app.ts';
import { waitFor } from '../../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from '../../consumers/bench.ts';
import { faultyState } from '../../consumers/faulty-state.ts';

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

test('a claim that is lost while its job runs is counted once, and so is each claim', async () => {
  const state = faultyState();
  let runs = 0;
  const settle = onInvoice({
    lease: '900ms',
    run: async (_event, ctx) => {
      runs += 1;
      if (runs > 1) return;
      state.faults.losesClaims = true;
      await aborted(ctx.signal);
      state.faults.losesClaims = false;
      ctx.signal.throwIfAborted();
    },
  });
  const bench = openBench([settle], { state: state.wrap });
  const esteira = await bench.run({ health: true, environment: { LOG_LEVEL: 'silent', HEALTH_PORT: '0' } });
  await esteira.publish(invoicePaid, invoice('one'), { tenant: 'acme' });
  await esteira.idle();
  const { value } = await scrape(esteira.healthPort);
  expect(value('esteira_lease_losses_total', { job_type: 'settle' })).toBe(1);
  expect(value('esteira_claims_total', { job_type: 'settle', result: 'run' })).toBe(2);
});

// A claim is kept until its job is settled, and a done one cannot be renewed: each job that waited to be told was counted.
test('a claim whose job is done and waits to be told is not lost', async () => {
  const state = faultyState();
  const bench = openBench([onInvoice({ lease: '300ms' })], { state: state.wrap });
  const esteira = await bench.run({ health: true, environment: { LOG_LEVEL: 'silent', HEALTH_PORT: '0' } });
  bench.faults.failSends('bench.telemetry.jobs', 'ESTEIRA_BROKER_UNAVAILABLE');
  await esteira.publish(invoicePaid, invoice('one'), { tenant: 'acme' });
  const callsOf = (name: string) => state.faults.calls.filter((call) => call.name === name).length;
  await waitFor('the done mark', () => callsOf('complete') === 1);
  const before = callsOf('renew');
  await waitFor('a renewal after it', () => callsOf('renew') > before);
  bench.faults.healSends('bench.telemetry.jobs');
  await esteira.idle();
  const { value } = await scrape(esteira.healthPort);
  expect(value('esteira_lease_losses_total', { job_type: 'settle' })).toBe(0);
  expect(value('esteira_claims_total', { job_type: 'settle', result: 'run' })).toBe(1);
});
