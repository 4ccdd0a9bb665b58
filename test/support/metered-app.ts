import { z } from 'zod';
import { defineApp, defineJob, start, trigger, UnrecoverableError } from '../../src/index.ts';
import { invoicePaid, onInvoice } from '../unit/consumers/bench.ts';
import { invoice } from './invoices.ts';
import { waitFor } from './wait.ts';

/** What is broken until it is mended. */
export interface MeteredWorld {
  sinkIsDown: boolean;
}

const refused = (): Error =>
  Object.assign(new Error('no'), { code: 'ECONNREFUSED', address: '127.0.0.1', port: 25 });

/** Tenants that are named `gold-…` have a tier. */
const tierOf = (id: string): { readonly id: string; readonly tier?: string } =>
  id.startsWith('gold-') ? { id, tier: 'gold' } : { id };

/** An app whose jobs do, by the payment's name, all that is counted. */
export const meteredApp = (world: MeteredWorld, name = 'metered') => {
  const settle = onInvoice({
    ...{ type: 'settle', queue: 'money', critical: true, retry: { attempts: 2, backoff: '100ms' } },
    on: trigger(invoicePaid, { when: ({ paymentId }) => paymentId.startsWith('settle-') }),
    idempotencyKey: ({ paymentId }) => paymentId,
    lease: '30s',
    run: ({ paymentId }, ctx) => {
      if (paymentId === 'settle-flaky' && ctx.attempt === 1) throw new Error('not yet');
      if (paymentId === 'settle-wrong') throw new UnrecoverableError('the entry is wrong');
      if (paymentId === 'settle-down' && world.sinkIsDown) throw refused();
    },
  });
  const ledger = onInvoice({
    ...{ type: 'ledger', order: 'key', lease: '30s', retry: { attempts: 3, backoff: '1m' }, holdFor: 0 },
    on: trigger(invoicePaid, { when: ({ paymentId }) => paymentId.startsWith('ledger-') }),
    run: ({ paymentId }, ctx) => {
      if (paymentId === 'ledger-stuck' && ctx.attempt === 1) throw new Error('not yet');
    },
  });
  const remind = onInvoice({
    ...{ type: 'remind', lease: '30s' },
    on: trigger(invoicePaid, { delay: '5m', when: ({ paymentId }) => paymentId === 'settle-fine' }),
    idempotencyKey: ({ paymentId }) => paymentId,
  });
  const validate = defineJob({
    ...{ type: 'validate', kind: 'reactive', order: 'none', queue: 'catalogue' },
    payload: z.object({ marketplace: z.string(), valid: z.number(), wrong: z.number() }),
    dimensions: ({ marketplace }) => ({ marketplace, category: 'electronics', region: 'br-south' }),
    run: ({ valid, wrong }, ctx) =>
      ctx.report({ metrics: { records_valid: valid, records_error: wrong, records_warning: 1 } }),
  });
  const app = defineApp({
    ...{ name, events: [invoicePaid], jobs: [settle, ledger, remind, validate] },
    tenants: { resolve: async (id) => tierOf(id) },
    queues: { money: { priority: 'high', concurrency: 4 }, catalogue: {} },
    ...{ tiers: ['100ms', '1s'], partitions: 2 },
  });
  return { app, settle, ledger, validate };
};

/** What stands in a scrape. */
export interface Scrape {
  readonly text: string;
  /** The value of the series with these labels, among others; undefined where there is none, the sum of several. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
  /** All lines that are no comments. */
  readonly series: readonly string[];
}

/** Reads Prometheus text. */
export const readScrape = (text: string): Scrape => {
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return {
    ...{ text, series },
    value: (name, labels = {}) => {
      const found = series.filter(
        (line) =>
          line.replace(/[{ ].*/s, '') === name &&
          Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`)),
      );
      return found.length === 0
        ? undefined
        : found.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    },
  };
};

/** What a process says at its port. */
export const scrape = async (port: number | undefined): Promise<Scrape> =>
  readScrape(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());

/** Starts the app with its metrics, in memory; who starts it stops it. */
export const startMetered = async (
  world: MeteredWorld,
  environment: Readonly<Record<string, string>> = {},
) => {
  const metered = meteredApp(world);
  const esteira = await start(metered.app, {
    environment: {
      LOG_LEVEL: 'silent',
      HEALTH_PORT: '0',
      WORKER_SHUTDOWN_GRACE_SECONDS: '0',
      ...environment,
    },
    health: true,
  });
  const read = (): Promise<Scrape> => scrape(esteira.healthPort);
  /** Resolves with a scrape in which this series has reached the value. */
  const reached = (name: string, labels: Readonly<Record<string, string>>, value: number): Promise<Scrape> =>
    waitFor(
      `${name} ${JSON.stringify(labels)} of ${value}`,
      async () => {
        const found = await read();
        return (found.value(name, labels) ?? 0) >= value ? found : undefined;
      },
      { timeoutMs: 30_000, everyMs: 50 },
    );
  return { ...metered, esteira, read, reached };
};

/** A run in memory in which everything happens that is counted; the last scrape of it. */
export const meteredRun = async (): Promise<Scrape> => {
  const metered = await startMetered({ sinkIsDown: true });
  try {
    return await runAll(metered);
  } finally {
    await metered.esteira.stop();
  }
};

const runAll = async ({ esteira, validate, reached }: Metered): Promise<Scrape> => {
  const tell = (id: string, eventId = id) =>
    esteira.publish(invoicePaid, invoice(id), { tenant: 'gold-acme', id: eventId });
  for (const id of ['settle-fine', 'settle-flaky', 'settle-wrong', 'ledger-stuck', 'ledger-behind'])
    await tell(id);
  await tell('settle-fine', 'again');
  await esteira.dispatch(validate, { marketplace: 'meli', valid: 90, wrong: 10 }, { tenant: 'globex' });
  const later = { tenant: 'globex', delay: '1s' } as const;
  await esteira.dispatch(validate, { marketplace: 'vtex', valid: 3, wrong: 0 }, later);
  await reached('esteira_key_sequences_waiting', { job_type: 'ledger' }, 1);
  await reached('job_attempts_total', { job_type: 'settle', status: 'success' }, 2);
  await reached('job_attempts_total', { job_type: 'validate', status: 'success' }, 2);
  await reached('esteira_deferrals_total', { job_type: 'remind', reason: 'trigger_delay' }, 2);
  await reached('jobs_in_dlq_total', { job_type: 'settle' }, 1);
  await tell('settle-down');
  return reached('esteira_suspensions', { job_type: 'settle' }, 1);
};

type Metered = Awaited<ReturnType<typeof startMetered>>;
