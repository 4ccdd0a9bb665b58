import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import {
  defineApp,
  defineEvent,
  defineJob,
  type Esteira,
  type JobEvent,
  knownTenants,
  start,
  trigger,
  UnrecoverableError,
} from '../../../src/index.ts';
import { Ledger } from '../../support/ledger.ts';

const running: Esteira[] = [];
afterEach(async () => {
  for (const esteira of running.splice(0)) await esteira.stop();
});

const invoicePaid = defineEvent(InvoicePaid, {
  topic: 'billing.events',
  check: z.object({ amountCents: z.number().positive() }),
});

const invoice = (paymentId: string, amountCents = 100): InvoicePaid => ({
  tenantId: 'acme',
  invoiceId: `inv-${paymentId}`,
  paymentId,
  amountCents,
  currency: 'BRL',
  lines: [],
  paidAt: 1_700_000_000_000,
});

const setUp = async (jobs: Parameters<typeof defineApp>[0]['jobs']) => {
  const told: JobEvent[] = [];
  const app = defineApp({
    name: 'test-app',
    events: [invoicePaid],
    jobs,
    tenants: knownTenants(['acme', 'globex']),
    tiers: ['20ms', '50ms', '100ms'],
  });
  const esteira = await start(app, {
    environment: { LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'error' },
    onJobEvent: (event) => told.push(event),
  });
  running.push(esteira);
  const types = (type: string) => told.filter((event) => event.type === type);
  return { app, esteira, told, types };
};

test('an event published twice takes effect once, and the duplicate is told', async () => {
  const ledger = new Ledger();
  const receipt = defineJob<InvoicePaid>({
    type: 'send-receipt',
    kind: 'reactive',
    on: invoicePaid,
    order: 'none',
    idempotencyKey: (event) => event.paymentId,
    run: (event, ctx) => ledger.write(event.paymentId, ctx.fence, ctx.jobId),
  });
  const { esteira, types } = await setUp([receipt]);
  await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
  await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
  await esteira.idle();
  expect(ledger.effects).toHaveLength(1);
  expect(types('job.completed')).toHaveLength(1);
  expect(types('job.skipped')).toHaveLength(1);
});

test('a job that fails twice and then works is retried through the tiers, with its attempts counted', async () => {
  const attempts: number[] = [];
  const flaky = defineJob<InvoicePaid>({
    type: 'flaky',
    kind: 'reactive',
    on: invoicePaid,
    order: 'none',
    retry: { attempts: 3, backoff: ['20ms', '50ms'] },
    run: (_event, ctx) => {
      attempts.push(ctx.attempt);
      if (ctx.attempt < 3) throw new Error('not yet');
    },
  });
  const { esteira, types } = await setUp([flaky]);
  await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
  await esteira.idle();
  expect(attempts).toEqual([1, 2, 3]);
  expect(types('job.failed')).toHaveLength(2);
  expect(types('job.retried')).toHaveLength(2);
  expect(types('job.completed')).toHaveLength(1);
});

test('a job that never works, one that cannot, an unknown tenant and a broken payload become one dead letter each', async () => {
  const hopeless = defineJob<InvoicePaid>({
    type: 'hopeless',
    kind: 'reactive',
    on: invoicePaid,
    order: 'none',
    retry: { attempts: 2, backoff: '20ms' },
    run: (event) => {
      if (event.paymentId === 'cannot') throw new UnrecoverableError('no');
      throw new Error('never');
    },
  });
  const { esteira, types } = await setUp([hopeless]);
  await esteira.publish(invoicePaid, invoice('never'), { tenant: 'acme' });
  await esteira.publish(invoicePaid, invoice('cannot'), { tenant: 'acme' });
  await esteira.publish(invoicePaid, invoice('nobody'), { tenant: 'stranger' });
  await esteira.idle();
  expect(
    types('job.sent_to_dlq')
      .map(({ reason }) => reason)
      .sort(),
  ).toEqual(['attempts_exhausted', 'tenant_unresolved', 'unrecoverable']);
  const ranges = await esteira.backend.broker.admin.offsetRanges('test-app.dlq.hopeless');
  expect(ranges.reduce((sum, { high }) => sum + high, 0n)).toBe(3n);
});

test('one event triggers several jobs, each with its own payload, delay and priority', async () => {
  const seen: unknown[] = [];
  const job = (type: string, delay: '0ms' | '50ms') =>
    defineJob<{ cents: number }>({
      type,
      kind: 'reactive',
      on: trigger(invoicePaid, { map: (event) => ({ cents: event.amountCents }), delay, priority: 2 }),
      order: 'none',
      run: (payload) => {
        seen.push({ type, ...payload });
      },
    });
  const { esteira, types } = await setUp([job('now', '0ms'), job('later', '50ms')]);
  await esteira.publish(invoicePaid, invoice('p1', 700), { tenant: 'acme' });
  await esteira.idle();
  expect(seen).toEqual([
    { type: 'now', cents: 700 },
    { type: 'later', cents: 700 },
  ]);
  expect(types('job.deferred')).toHaveLength(1);
});

test('an ordered type keeps a failing head before its followers, while other keys go on', async () => {
  const order: string[] = [];
  const ordered = defineJob<InvoicePaid>({
    type: 'ordered',
    kind: 'reactive',
    on: invoicePaid,
    order: (event) => event.invoiceId.split('-')[1] ?? '',
    retry: { attempts: 3, backoff: '50ms' },
    run: (event, ctx) => {
      if (event.paymentId === 'a-1' && ctx.attempt < 3) throw new Error('not yet');
      order.push(event.paymentId);
    },
  });
  const { esteira } = await setUp([ordered]);
  for (const id of ['a-1', 'a-2', 'b-1', 'a-3'])
    await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme' });
  await esteira.idle();
  expect(order).toEqual(['b-1', 'a-1', 'a-2', 'a-3']);
});

test('a dispatched job runs once its delay has passed', async () => {
  const ran: { month: string; atMs: number }[] = [];
  const report = defineJob<{ month: string }>({
    type: 'monthly-report',
    kind: 'system',
    payload: z.object({ month: z.string() }),
    order: 'none',
    run: ({ month }) => {
      ran.push({ month, atMs: Date.now() });
    },
  });
  const { esteira, types } = await setUp([report]);
  const askedMs = Date.now();
  const job = await esteira.dispatch(report, { month: '2026-10' }, { tenant: 'acme', delay: '150ms' });
  await esteira.idle();
  expect(ran).toHaveLength(1);
  expect(ran[0]?.atMs).toBeGreaterThanOrEqual(askedMs + 150);
  expect(types('job.completed')[0]?.jobId).toBe(job.id);
});

test('the records of the telemetry topic are keyed as the app says', async () => {
  const job = defineJob<InvoicePaid>({
    ...{ type: 'keyed', kind: 'reactive', on: invoicePaid, order: 'none' },
    run: () => undefined,
  });
  const app = defineApp({
    name: 'keyed-app',
    events: [invoicePaid],
    jobs: [job],
    tenants: knownTenants(['acme']),
    telemetryKey: (event) => `by-type:${event.jobType}`,
  });
  const esteira = await start(app, { environment: { LOG_LEVEL: 'error' } });
  running.push(esteira);
  await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
  await esteira.idle();
  const keys: (string | undefined)[] = [];
  const { admin } = esteira.backend.broker;
  for (const { partition, low, high } of await admin.offsetRanges('keyed-app.telemetry.jobs')) {
    await admin.read({ topic: 'keyed-app.telemetry.jobs', partition, from: low, to: high }, ({ key }) => {
      keys.push(key?.toString());
      return true;
    });
  }
  expect(keys).toEqual(['by-type:keyed', 'by-type:keyed']);
});
