import { z } from 'zod';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { defineApp, defineEvent, defineJob, type JobContext, knownTenants } from '../../src/index.ts';
import { TENANTS } from './scenario-app.ts';

/** The tenant of these scenarios that has an inbox of its own. */
export const BIG = TENANTS[0] ?? '';

export interface LanesAppOptions {
  readonly onReport?: (number: number, ctx: JobContext) => void | Promise<void>;
  readonly onInvoice?: (event: InvoicePaid, ctx: JobContext) => void | Promise<void>;
}

/** A job type that is dispatched, and so has a high lane; one on events of all tenants, where one has its own inbox. */
export const lanesApp = (ns: string, { onReport, onInvoice }: LanesAppOptions) => {
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.billing.events`, check: 'none', partitions: 6 });
  const report = defineJob<{ readonly number: number }>({
    ...{ type: 'report', kind: 'system', order: 'none', payload: z.object({ number: z.number() }) },
    retry: { attempts: 2, backoff: '100ms' },
    run: ({ number }, ctx) => onReport?.(number, ctx),
  });
  const settle = defineJob<InvoicePaid>({
    ...{ type: 'settle', kind: 'reactive', on: paid, order: 'none', startFrom: 'beginning' },
    ...{ dedicated: [BIG], retry: { attempts: 2, backoff: '100ms' } },
    run: (event, ctx) => onInvoice?.(event, ctx),
  });
  const app = defineApp({
    ...{ name: ns, events: [paid], jobs: [report, settle], tiers: ['100ms', '300ms'] },
    tenants: knownTenants(TENANTS),
  });
  return { app, paid, report, settle };
};
