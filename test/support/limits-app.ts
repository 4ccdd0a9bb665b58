import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { defineApp, defineEvent, defineJob, type JobContext, knownTenants } from '../../src/index.ts';
import { TENANTS } from './scenario-app.ts';

/** What a job of the limits' scenarios does. */
export type LimitedRun = (type: string, event: InvoicePaid, ctx: JobContext) => void | Promise<void>;

/** Jobs at once over all processes in the queue `few`; a slot of a dead process is free after its lease. */
export const LIMIT = 3;
/** The lease of the jobs, and so of the slots, ms. */
export const LEASE_MS = 2_000;
/** The start rate of the queue `paced`. */
export const PACE = { count: 20, per: 1_000, burst: 5 } as const;

/** One event that triggers a job in a limited queue, one in a paced one, and two that lock the same. */
export const limitsApp = (ns: string, run: LimitedRun) => {
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.billing.events`, check: 'none', partitions: 6 });
  const lock = { key: 'books' };
  const job = (type: string, changes: { queue?: string; lock?: typeof lock }) =>
    defineJob<InvoicePaid>({
      ...{ type, kind: 'reactive', on: paid, order: 'none', lease: LEASE_MS, startFrom: 'beginning' },
      retry: { attempts: 2, backoff: '100ms' },
      run: (event, ctx) => run(type, event, ctx),
      ...changes,
    });
  const app = defineApp({
    ...{ name: ns, events: [paid], tiers: ['100ms'], tenants: knownTenants(TENANTS) },
    jobs: [
      job('count', { queue: 'few' }),
      job('pace', { queue: 'paced' }),
      job('bill', { lock }),
      job('check', { lock }),
    ],
    queues: { few: { limit: LIMIT }, paced: { startRate: PACE } },
  });
  return { app, paid };
};
