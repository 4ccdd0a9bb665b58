import { expect, test } from 'vitest';
import type { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { type JobOptions, trigger } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { latch, pause, waitFor } from '../../support/wait.ts';
import { operatedBench } from '../runtime/control/operated-bench.ts';
import { invoicePaid, onInvoice, openBench } from './bench.ts';

// The bug they were: a second copy of a job that runs was put off, or died, by a decision of its own. When the run then
// failed it was superseded by that: its attempt was not counted, or the job had both a dead letter and a completion.

const refused = (): Error =>
  Object.assign(new Error('no'), { code: 'ECONNREFUSED', address: '127.0.0.1', port: 25 });

/** A job type whose job `twice` runs until it is let go, and fails in each attempt. */
const failing = (changes: Partial<JobOptions<InvoicePaid>> = {}) => {
  const attempts: number[] = [];
  const first = latch();
  let isDown = true;
  const job = onInvoice({
    retry: { attempts: 2, backoff: '20ms' },
    run: async ({ paymentId }, ctx) => {
      if (paymentId === 'down' && isDown) {
        isDown = false;
        throw refused();
      }
      if (paymentId !== 'twice') return;
      attempts.push(ctx.attempt);
      if (attempts.length === 1) await first.opened;
      throw new Error('made to fail');
    },
    ...changes,
  });
  return { job, attempts, letGo: () => first.open() };
};

const twice = { tenant: 'acme', id: 'twice' };

/** Both attempts were made and counted, and one dead letter tells of it. */
const expectTwoAttempts = async (bench: ReturnType<typeof openBench>, attempts: readonly number[]) => {
  expect(attempts).toEqual([1, 2]);
  expect(bench.types('job.sent_to_dlq')).toMatchObject([{ reason: 'attempts_exhausted', attempt: 2 }]);
  expect(await bench.read('bench.dlq.settle')).toHaveLength(1);
};

test('a copy that waits for a dependency decides nothing about a job that runs', async () => {
  const { job, attempts, letGo } = failing();
  const bench = openBench([job]);
  const esteira = await bench.run({ engine: { suspension: { firstPauseMs: 2_500 } } });
  await esteira.publish(invoicePaid, invoice('twice'), twice);
  await waitFor('it to run', () => attempts.length === 1);
  await esteira.publish(invoicePaid, invoice('down'), { tenant: 'acme' });
  await waitFor('the suspension', () => bench.types('job.suspended').length === 1);
  await esteira.publish(invoicePaid, invoice('twice'), twice);
  await waitFor('its copy to be set aside', () =>
    bench.types('job.deferred').some(({ origin }) => origin.endsWith('/2')),
  );
  letGo();
  await esteira.idle();
  await expectTwoAttempts(bench, attempts);
});

test('a copy that waits for its time decides nothing about a job that runs', async () => {
  const { job, attempts, letGo } = failing({ on: trigger(invoicePaid, { delay: '700ms' }) });
  const bench = openBench([job]);
  const before = await bench.run({ roles: [] });
  const publishedMs = Date.now();
  await before.publish(invoicePaid, invoice('twice'), twice);
  await waitFor('its time', () => Date.now() - publishedMs > 700);
  await before.publish(invoicePaid, invoice('twice'), twice);
  const esteira = await bench.run();
  await waitFor('the copy to wait', () => bench.types('job.deferred').length > 0);
  await waitFor('the job to run', () => attempts.length === 1);
  letGo();
  await esteira.idle();
  await expectTwoAttempts(bench, attempts);
});

test('a copy of a paused tenant decides nothing about a job that runs', async () => {
  const { job, attempts, letGo } = failing();
  const bench = operatedBench([job]);
  const esteira = await bench.run({ engine: { pause: { patienceMs: 20, asideMs: 50 } } });
  await esteira.publish(invoicePaid, invoice('twice'), twice);
  await waitFor('it to run', () => attempts.length === 1);
  await bench.order('pause', { what: 'tenant', tenant: 'acme' });
  await bench.obeyed(1);
  await esteira.publish(invoicePaid, invoice('twice'), twice);
  await waitFor('its copy to be set aside', () => bench.types('job.deferred').length > 0);
  letGo();
  await waitFor('the failure', () => bench.types('job.failed').length === 1);
  await bench.order('resume', { what: 'tenant', tenant: 'acme' });
  await esteira.idle();
  await expectTwoAttempts(bench, attempts);
});

test('a copy that is too old leaves no dead letter of a job that runs', async () => {
  const [first, blocker] = [latch(), latch()];
  const ran: string[] = [];
  const job = onInvoice({
    ...{ maxAge: '300ms', concurrency: 2 },
    run: async ({ paymentId }) => {
      ran.push(paymentId);
      await (paymentId === 'twice' ? first : blocker).opened;
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  await esteira.publish(invoicePaid, invoice('twice'), twice);
  await esteira.publish(invoicePaid, invoice('blocker'), { tenant: 'acme' });
  await waitFor('both to run', () => ran.length === 2);
  await esteira.publish(invoicePaid, invoice('twice'), twice);
  await pause(400);
  blocker.open();
  await waitFor('the blocker to be done', () => bench.types('job.completed').length === 1);
  // The copy has its slot now, and is too old.
  await pause(200);
  first.open();
  await esteira.idle();
  expect(ran).toEqual(['twice', 'blocker']);
  expect(bench.types('job.completed')).toHaveLength(2);
  expect(bench.types('job.sent_to_dlq')).toEqual([]);
  expect(await bench.read('bench.dlq.settle')).toEqual([]);
});

test('a job that is too old when its turn comes dies under its claim, with one dead letter', async () => {
  const job = onInvoice({ maxAge: '200ms' });
  const bench = openBench([job]);
  const before = await bench.run({ roles: [] });
  await before.publish(invoicePaid, invoice('old'), { tenant: 'acme' });
  await pause(300);
  const esteira = await bench.run();
  await esteira.idle();
  expect(bench.types('job.sent_to_dlq')).toMatchObject([{ reason: 'max_age', attempt: 0, starts: 0 }]);
  expect(await bench.read('bench.dlq.settle')).toHaveLength(1);
  expect(bench.types('job.started')).toEqual([]);
});
