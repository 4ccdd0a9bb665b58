import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { ReportForwarder, type SaidInThread } from '../../../../src/consumers/isolation/report-forwarder.ts';
import { ThreadPool } from '../../../../src/consumers/isolation/thread-pool.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { silentLog } from '../../../../src/core/ports/log.ts';
import { defineJob, EsteiraError, type JobEvent, start } from '../../../../src/index.ts';
import { invoice } from '../../../support/invoices.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { ROOT } from '../../../support/source-files.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { waitFor } from '../../../support/wait.ts';
import { plain } from '../../core/definitions.ts';

process.env['ISOLATED_NS'] = 'isolated';
process.env['ISOLATED_TIMEOUT_MS'] = '30000';
process.env['ISOLATED_LEDGER'] = join(temporaryFolder('isolated'), 'ledger');
const { default: app, isolatedEvent } = await import('../../../support/isolated-app.ts');
const appModule = pathToFileURL(join(ROOT, 'test/support/isolated-app.ts'));

test('what an isolated handler reports and counts is told of its attempt: one that returns, and one that throws', {
  timeout: 120_000,
}, async () => {
  const ended: JobEvent[] = [];
  const esteira = await start(app, {
    environment: { LOG_LEVEL: 'silent', WORKER_SHUTDOWN_GRACE_SECONDS: '1' },
    appModule,
    onJobEvent: (event) => {
      if (event.jobType === 'crunch' && /completed|failed/.test(event.type)) ended.push(event);
    },
  });
  const of = (correlationId: string) => ended.filter((event) => event.correlationId === correlationId);
  const publish = async (what: string) =>
    (await esteira.publish(isolatedEvent, invoice(what), { tenant: 'tenant-00' })).correlationId;
  const reported = await publish('report');
  const wrong = await publish('report-wrong');
  await esteira.idle({ timeoutMs: 90_000 });
  await esteira.stop();

  expect(of(reported)).toMatchObject([
    {
      ...{ type: 'job.failed', dimensions: { marketplace: 'meli' }, costMicros: 14_000 },
      metrics: { records_total: 50_000, error_rate: 0, 'cost.token': 2_000 },
    },
    {
      ...{ type: 'job.completed', costMicros: 14_000 },
      metrics: { records_total: 50_001, records_error: 1, 'errors_by_field.price': 1, 'cost.token': 2_000 },
    },
  ]);
  expect(of(wrong)).toMatchObject([{ errorCode: 'ESTEIRA_HANDLER_INVALID', costMicros: 10_000 }]);
});

test('what it has said stays said when it is ended with its thread', { timeout: 120_000 }, async () => {
  const pool = new ThreadPool({
    ...{ jobType: 'crunch', appModule: appModule.href, clock: systemClock, log: silentLog },
  });
  onTestFinished(() => pool.close());
  const controller = new AbortController();
  const said: unknown[] = [];
  const running = pool.run(invoice('report-loop'), {
    ...{ jobId: 'j', jobType: 'crunch', tenant: 'tenant-01', correlationId: 'c', attempt: 1, maxAttempts: 2 },
    ...{ starts: 1, executionId: 'e', idempotencyKey: 'k', fence: 17, signal: controller.signal },
    ...{ eventTimeMs: 0, log: silentLog, progress: async () => undefined },
    report: (facts) => said.push(facts),
    addCost: (kind, quantity) => said.push([kind, quantity]),
  });
  const ended = running.catch((error: unknown) => error);
  await waitFor('what it says', () => said.length > 0, { timeoutMs: 60_000 });
  controller.abort(new EsteiraError('ESTEIRA_ATTEMPT_TIMEOUT', 'too long'));
  expect(await ended).toMatchObject({ code: 'ESTEIRA_THREAD_DIED' });
  expect(said[0]).toEqual({ dimensions: {}, metrics: { rows: 7 } });
});

test('what a thread says is passed on at once, then ten times a second, and at its end; quantities are passed on once', () => {
  const clock = manualClock();
  const { cost } = defineJob(plain({ cost: { currency: 'BRL', per: { token: 1 } } }));
  const passed: SaidInThread[] = [];
  const forwarder = new ReportForwarder(clock, { type: 'a', ...(cost && { cost }) }, (said) =>
    passed.push(said),
  );
  forwarder.report.addCost('token', 1);
  for (let token = 0; token < 1_000; token++) forwarder.report.addCost('token', 1);
  expect(passed).toHaveLength(1);
  clock.advance(100);
  forwarder.report.report(() => ({ metrics: { rows: 9 } }));
  forwarder.report.addCost('token', 4);
  forwarder.end();
  clock.advance(1_000);
  expect(passed.map(({ quantities }) => quantities['token'])).toEqual([1, 1_000, 4]);
  expect(passed.at(-1)?.facts.metrics).toEqual({ rows: 9 });
});
