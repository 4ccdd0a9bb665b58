import { expect, onTestFinished, test, vi } from 'vitest';
import { invoice } from '../../support/invoices.ts';
import { scrape } from '../../support/metered-app.ts';
import { waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from '../consumers/bench.ts';

// Jobs wait until they are told, so the process takes no more work: it said that it was ready all the same.
test('a process whose telemetry is not acknowledged for half a minute is not ready, until it is', async () => {
  const bench = openBench([onInvoice({ lease: '5m' })]);
  const { healthPort, publish, idle } = await bench.run({
    health: true,
    environment: { LOG_LEVEL: 'silent', HEALTH_PORT: '0' },
  });
  const ready = async () => {
    const answer = await fetch(`http://127.0.0.1:${healthPort}/health/ready`);
    return { status: answer.status, text: await answer.text() };
  };
  bench.faults.failSends('bench.telemetry.jobs', 'ESTEIRA_BROKER_UNAVAILABLE');
  await publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
  await waitFor('the run', () => bench.types('job.completed').length === 1);
  const pending = async () =>
    (await scrape(healthPort)).value('esteira_telemetry_pending_records', { emitter: 'kafka' }) ?? 0;
  expect(await pending()).toBeGreaterThan(0);
  expect((await ready()).status).toBe(200);
  const now = Date.now;
  const later = vi.spyOn(Date, 'now').mockImplementation(() => now() + 31_000);
  onTestFinished(() => later.mockRestore());
  expect(await ready()).toMatchObject({
    status: 503,
    text: expect.stringMatching(
      /"telemetry":\{"ok":false,"detail":"the telemetry topic has acknowledged nothing for 3\d s/,
    ),
  });
  expect((await scrape(healthPort)).value('esteira_telemetry_stuck_seconds')).toBeGreaterThan(30);
  bench.faults.healSends('bench.telemetry.jobs');
  await waitFor('it to be told', async () => (await pending()) === 0);
  // Other clocks have jumped too: the rules of operators are read anew.
  await waitFor('it to be ready', async () => (await ready()).status === 200);
  await idle();
});
