import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { type AppDefinition, defineApp, defineEvent, defineJob, knownTenants } from '../../src/index.ts';
import type { ReplayPolicy } from '../../src/runtime/replay/index.ts';

export const REPLAY_JOB = 'send-receipt';

/** So that a run that was killed can be resumed soon. */
export const QUICK_POLICY: Partial<ReplayPolicy> = { leaseMs: 4_000, heartbeatMs: 500, observeMs: 1_000 };

/** As soon as can be, for an edit of one letter. */
export const EDIT_POLICY: Partial<ReplayPolicy> = { leaseMs: 2_000, heartbeatMs: 300, observeMs: 600 };

/** Sends receipts, but not for invoices that begin with `bad`. */
export const replayApp = (
  ns: string,
  onRun: (paymentId: string) => void = () => undefined,
): AppDefinition => {
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.events`, check: 'none', partitions: 1 });
  const receipt = defineJob<InvoicePaid>({
    ...{ type: REPLAY_JOB, kind: 'reactive', on: paid, order: 'none', retry: { attempts: 1 } },
    run: ({ invoiceId, paymentId }) => {
      onRun(paymentId);
      if (invoiceId.startsWith('bad')) throw new Error('the printer is out of ink');
    },
  });
  return defineApp({
    ...{ name: ns, events: [paid], jobs: [receipt], tenants: knownTenants(['acme', 'globex', 'initech']) },
    ...{ tiers: ['1s'], partitions: 3 },
  });
};

/** Books entries in the order of their account (the currency): a broken one dies, and what follows it behind it. */
export const heldApp = (ns: string, broken: ReadonlySet<string>, ran: string[]) => {
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.events`, check: 'none', partitions: 1 });
  const book = defineJob<InvoicePaid>({
    ...{ type: 'book', kind: 'reactive', on: paid, afterDead: 'hold', retry: { attempts: 1 } },
    order: ({ currency }) => currency,
    run: ({ paymentId }) => {
      if (broken.has(paymentId)) throw new Error('the entry is wrong');
      ran.push(paymentId);
    },
  });
  const app = defineApp({
    ...{
      name: ns,
      events: [paid],
      jobs: [book],
      tenants: knownTenants(['acme']),
      tiers: ['1s'],
      partitions: 1,
    },
  });
  return { app, paid };
};
