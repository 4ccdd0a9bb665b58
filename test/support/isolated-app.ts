import { randomFillSync } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { isMainThread, threadId } from 'node:worker_threads';
import { z } from 'zod';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import {
  completed,
  defineApp,
  defineEvent,
  defineJob,
  EsteiraError,
  type JobContext,
  jobLogContext,
  knownTenants,
  MetricsCollector,
  UnrecoverableError,
} from '../../src/index.ts';
import { TENANTS } from './scenario-app.ts';

// An app whose jobs are isolated: a module of its own, as threads import it too. What differs from test to test comes
// through the environment, of which threads have a copy.
const ns = process.env['ISOLATED_NS'] ?? 'isolated';
const ledger = process.env['ISOLATED_LEDGER'] ?? '';

/** Writes what happened where the test, in another thread, can read it. */
const note = (...words: readonly unknown[]): void => appendFileSync(ledger, `${words.join(' ')}\n`);

/** Computes without a look at the event loop. */
const compute = (forMs: number): void => {
  const untilMs = Date.now() + forMs;
  while (Date.now() < untilMs) Math.sqrt(untilMs);
};

class TaxError extends UnrecoverableError {
  override readonly name = 'TaxError';
}

const httpError = (status: number): Error =>
  Object.assign(new Error('the service is tired'), {
    ...{ status, response: new Response('', { status, headers: { 'Retry-After': '7' } }) },
  });

/** What a handler may do; named by the payment id of its event. */
const DEEDS: Readonly<Record<string, (ctx: JobContext) => unknown>> = {
  where: (ctx) =>
    note('where', isMainThread, threadId, ctx.tenant, ctx.jobId.length, ctx.attempt, ctx.fence > 0),
  compute: () => compute(3_000),
  loop: () => {
    for (;;) Math.sqrt(2);
  },
  patient: (ctx) =>
    new Promise((_, reject) => {
      ctx.signal.addEventListener('abort', () => {
        note('aborted', EsteiraError.name, ctx.signal.reason?.code);
        reject(ctx.signal.reason);
      });
    }),
  exit: () => process.exit(3),
  stray: () =>
    new Promise(() => {
      setImmediate(() => {
        throw new Error('nobody catches this');
      });
    }),
  leftover: () => {
    setTimeout(() => {
      throw new Error('left behind');
    }, 50);
  },
  hungry: () => {
    const hoard: string[][] = [];
    for (;;) hoard.push(Array.from({ length: 10_000 }, (_, index) => `${hoard.length} ${index}`));
  },
  tax: () => {
    throw new TaxError('no such tax', { cause: new RangeError('rate') });
  },
  down: () => {
    throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED', address: '10.0.0.1', port: 80 });
  },
  http: () => {
    throw httpError(503);
  },
  own: () => {
    throw new EsteiraError('ESTEIRA_PROVIDER_OPEN', 'open', { facts: { provider: 'mail', retryAfterMs: 5 } });
  },
  text: () => {
    throw 'only words';
  },
  progress: async (ctx) => {
    for (let percent = 0; percent <= 100; percent += 1) await ctx.progress({ percent });
  },
  report: (ctx) => {
    const metrics = new MetricsCollector(ctx, { marketplace: 'meli' });
    for (let record = 0; record < 50_000; record++) metrics.valid();
    for (let token = 0; token < 2_000; token++) ctx.addCost('token', 1);
    if (ctx.attempt === 1) throw new Error('not yet');
    metrics.error('price');
  },
  'report-loop': (ctx) => {
    ctx.report({ metrics: { rows: 7 } });
    ctx.addCost('token', 3);
    for (;;) Math.sqrt(2);
  },
  'report-wrong': (ctx) => ctx.addCost('tokens', 1),
  log: (ctx) => {
    const facts: object = { rows: 7, payload: { name: 'planted' } };
    ctx.log.info('in a thread', { ...facts });
    ctx.log.debug('too quiet');
    note('context', JSON.stringify(jobLogContext()));
    setTimeout(() => ctx.log.info('too late'), 30);
  },
  'progress-busy': (ctx) => {
    void ctx.progress({ percent: 10, dimensions: { step: 'read' } });
    compute(1_200);
    void ctx.progress({ percent: 60 });
    void ctx.progress({ percent: 99, metrics: { rows: 7 } });
  },
};

const paid = defineEvent(InvoicePaid, { topic: `${ns}.billing.events`, check: 'none', partitions: 6 });

/** Does what the payment id says, in a thread. */
export const crunch = defineJob<InvoicePaid>({
  ...{ type: 'crunch', kind: 'system', on: paid, order: 'none', startFrom: 'beginning' },
  ...{ lease: '1s', attemptTimeout: Number(process.env['ISOLATED_TIMEOUT_MS'] ?? '10000'), concurrency: 2 },
  retry: { attempts: 2, backoff: '100ms' },
  isolate: { memoryMb: 64 },
  cost: { currency: 'BRL', perAttempt: 0.01, per: { token: 0.000002 } },
  run: (event, ctx) => {
    note('start', event.paymentId, ctx.attempt);
    return DEEDS[event.paymentId.split(':')[0] ?? '']?.(ctx);
  },
});

const Weights = z.object({ name: z.string(), bytes: z.instanceof(Buffer), shape: z.unknown() });

/** Takes what is no plain data. */
export const weigh = defineJob<z.infer<typeof Weights>>({
  ...{ type: 'weigh', kind: 'ai', payload: Weights, order: 'none', isolate: true },
  run: ({ bytes, shape }, ctx) => note('weigh', bytes.toString('hex'), typeof shape, ctx.tenant),
});

/** Runs in the process's own thread. */
export const quick = defineJob<InvoicePaid>({
  ...{ type: 'quick', kind: 'reactive', on: paid, order: 'none', startFrom: 'beginning' },
  run: (event) => note('quick', event.paymentId, isMainThread),
});

/** Follows what ran in a thread; only where the payment id asks for it. */
const echo = defineJob<InvoicePaid>({
  ...{ type: 'echo', kind: 'reactive', order: 'none', lanes: false },
  after: completed(crunch, { when: ({ paymentId }) => paymentId === 'where:followed' }),
  run: (event) => note('echo', event.paymentId, isMainThread),
});

export const isolatedEvent = paid;

/** Random bytes, so that no two payloads are the same. */
export const someBytes = (): Buffer => randomFillSync(Buffer.alloc(4));

export default defineApp({
  ...{ name: ns, events: [paid], jobs: [crunch, weigh, quick, echo] },
  ...{ tenants: knownTenants(TENANTS), tiers: ['100ms', '300ms', '1s'] },
});
