import { appendFileSync } from 'node:fs';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { defineApp, defineEvent, defineJob, knownTenants } from '../../src/index.ts';
import { pause } from './wait.ts';

export const FLOODING = ['flood-a', 'flood-b'] as const;
export const QUIET = ['quiet-1', 'quiet-2', 'quiet-3'] as const;
/** Handlers of one job type at once, in one process. */
export const CONCURRENCY = 4;
/** Every so many-th job of the unordered type fails once. */
export const FAILS_EVERY = 37;

const numberOf = (paymentId: string): number => Number(paymentId.split('-').at(-1));

/**
 * Two job types on one topic of two partitions: `settle` without order, and `post` in the order of the currency, of which
 * each tenant has several. Handlers say each effect in a file: `<type> <payment> <tenant> <currency>`.
 */
export const floodsApp = (ns: string, file: string) => {
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.billing.events`, check: 'none', partitions: 2 });
  const say = (type: string, { paymentId, currency }: InvoicePaid, tenant: string): void =>
    appendFileSync(file, `${type} ${paymentId} ${tenant} ${currency}\n`);
  const shared = {
    kind: 'reactive',
    on: paid,
    startFrom: 'beginning',
    lease: '2s',
    concurrency: CONCURRENCY,
    retry: { attempts: 3, backoff: '100ms' },
  } as const;
  const settle = defineJob<InvoicePaid>({
    ...{ ...shared, type: 'settle', order: 'none' },
    run: async (event, { tenant, attempt }) => {
      await pause(15);
      if (attempt === 1 && numberOf(event.paymentId) % FAILS_EVERY === 5) throw new Error('made to fail');
      say('settle', event, tenant);
    },
  });
  const post = defineJob<InvoicePaid>({
    ...{ ...shared, type: 'post', order: ({ currency }) => currency },
    run: async (event, { tenant }) => {
      await pause(5);
      say('post', event, tenant);
    },
  });
  const app = defineApp({
    ...{ name: ns, events: [paid], jobs: [settle, post], tiers: ['100ms', '1s'], partitions: 2 },
    tenants: knownTenants([...FLOODING, ...QUIET]),
  });
  return { app, paid };
};

/** A small window, so that a small flood fills it. */
export const floodsEngine = {
  ...{ sessionTimeoutMs: 6_000, commitEveryMs: 500 },
  window: { records: 200, bytes: 8 * 1024 * 1024 },
};
