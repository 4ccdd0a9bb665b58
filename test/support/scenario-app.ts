import { appendFileSync } from 'node:fs';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { type AppDefinition, defineApp, defineEvent, defineJob, knownTenants } from '../../src/index.ts';

/** Tenants the directory knows. */
export const TENANTS: readonly string[] = Array.from(
  { length: 50 },
  (_, index) => `tenant-${String(index).padStart(2, '0')}`,
);

/** The event of the scenarios; `'none'`, so that whatever decodes gets as far as the handler. */
export const scenarioEvent = (ns: string) =>
  defineEvent(InvoicePaid, { topic: `${ns}.billing.events`, check: 'none', partitions: 6 });

export interface ScenarioAppOptions {
  /** Name of the app, fresh for each run. */
  readonly ns: string;
  /** File the handler appends its effects to: key, fence and job id, one line each. */
  readonly ledger: string;
  /** How long a handler works, ms; default 1. */
  readonly workMs?: number;
  readonly order?: 'none' | 'key';
  readonly startFrom?: 'now' | 'beginning';
  readonly leaseMs?: number;
}

/** How often a job of this kind fails before it works. */
const failuresOf = (invoiceId: string): number => {
  const [kind] = invoiceId.split('-');
  if (kind === 'never') return Number.POSITIVE_INFINITY;
  return kind === 'flaky1' ? 1 : kind === 'flaky2' ? 2 : 0;
};

/** The one job type of the scenarios. */
export const settleInvoice = (options: ScenarioAppOptions) =>
  defineJob<InvoicePaid>({
    type: 'settle-invoice',
    kind: 'reactive',
    on: scenarioEvent(options.ns),
    order: options.order ?? 'none',
    retry: { attempts: 3, backoff: ['100ms', '300ms'] },
    lease: options.leaseMs ?? 3_000,
    startFrom: options.startFrom ?? 'beginning',
    idempotencyKey: (invoice) => invoice.paymentId,
    run: async (invoice, ctx) => {
      await new Promise((resolve) => {
        setTimeout(resolve, options.workMs ?? 1);
      });
      if (ctx.attempt <= failuresOf(invoice.invoiceId))
        throw new Error(`made to fail at attempt ${ctx.attempt}`);
      appendFileSync(options.ledger, `${invoice.paymentId}\t${ctx.fence}\t${ctx.jobId}\n`);
    },
  });

/** The app of the scenarios. */
export const scenarioApp = (options: ScenarioAppOptions): AppDefinition =>
  defineApp({
    name: options.ns,
    events: [scenarioEvent(options.ns)],
    jobs: [settleInvoice(options)],
    tenants: knownTenants(TENANTS),
    tiers: ['100ms', '300ms', '1s'],
  });
