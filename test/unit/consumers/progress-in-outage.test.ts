import { expect, test } from 'vitest';
import { JobEvent } from '../../../src/index.ts';
import { MOST_REPORTS_WAITING } from '../../../src/telemetry/progress-valve.ts';
import { invoice } from '../../support/invoices.ts';
import { latch, waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from './bench.ts';

const RUNS = 600;

// All reports once waited with the rest, as many as the runs of an outage cared to make.
test('while telemetry cannot be written, reports give way to newer ones of their run, and no other event does', async () => {
  const ending = latch();
  const job = onInvoice({
    ...{ concurrency: RUNS, lease: '30s' },
    run: async (_, ctx) => {
      await ctx.progress({ percent: 1 });
      await ctx.progress({ percent: 50 }); // told a second later
      await ending.opened;
      await ctx.progress({ percent: 100 });
    },
  });
  const bench = openBench([job]);
  const environment = { LOG_LEVEL: 'info', WORKER_MAX_CONCURRENT_JOBS: String(RUNS) };
  const esteira = await bench.run({
    environment,
    engine: { window: { records: 2 * RUNS, bytes: 8_000_000 } },
  });
  bench.faults.failSends('bench.telemetry.jobs', 'ESTEIRA_BROKER_UNAVAILABLE');
  await Promise.all(
    Array.from({ length: RUNS }, (_, at) =>
      esteira.publish(invoicePaid, invoice(`p${at}`), { tenant: 'acme' }),
    ),
  );
  await waitFor('two reports of each run', () => bench.types('job.progress').length === 2 * RUNS);
  ending.open();
  await waitFor('all runs to end', () => bench.types('job.completed').length === RUNS);
  bench.faults.healSends('bench.telemetry.jobs');
  await esteira.idle();

  const told = await Promise.all(
    (await bench.read('bench.telemetry.jobs')).map(async ({ value }) => {
      const decoded = await bench.backend.serde.decode(JobEvent, value);
      if (!decoded.ok) throw new Error(decoded.detail);
      return decoded.value;
    }),
  );
  const ofType = (type: string) => told.filter((event) => event.type === type);
  expect(ofType('job.started')).toHaveLength(RUNS);
  expect(ofType('job.completed')).toHaveLength(RUNS);
  // Of 1,800 reports the first 1,000 have found a place, and the newest of each run.
  expect(ofType('job.progress')).toHaveLength(MOST_REPORTS_WAITING + RUNS);
  const last = new Map(ofType('job.progress').map(({ jobId, metrics }) => [jobId, metrics['percent']]));
  expect([...last.values()]).toEqual(Array.from({ length: RUNS }, () => 100));
  const lines = bench.lines.map((text) => JSON.parse(text)).filter(({ msg }) => msg.startsWith('telemetry.'));
  expect(lines.map(({ msg }) => msg).sort()).toEqual([
    ...['telemetry.blocked', 'telemetry.progress_dropped', 'telemetry.unblocked'],
  ]);
  const dropped = 3 * RUNS - MOST_REPORTS_WAITING - RUNS;
  expect(lines).toContainEqual(
    expect.objectContaining({ msg: 'telemetry.progress_dropped', reports: dropped }),
  );
});
