import { appendFileSync } from 'node:fs';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { defineApp, defineEvent, defineJob, knownTenants } from '../../src/index.ts';

/** What the job called `long` does; the others are done at once. */
export type LongWork = () => Promise<void> | void;

/** An app of one partition with a job type that detaches after a second; handlers say their starts in a file. */
export const detachApp = (ns: string, file: string, longWork: LongWork) => {
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.billing.events`, check: 'none', partitions: 1 });
  const settle = defineJob<InvoicePaid>({
    ...{ type: 'settle', kind: 'reactive', on: paid, order: 'none', startFrom: 'beginning' },
    ...{ lease: '2s', detachAfter: '1s', retry: { attempts: 2, backoff: '100ms' } },
    run: async ({ paymentId }, ctx) => {
      appendFileSync(file, `${paymentId} ${ctx.attempt} ${ctx.starts} ${ctx.fence}\n`);
      if (paymentId === 'long') await longWork();
    },
  });
  const app = defineApp({
    ...{ name: ns, events: [paid], jobs: [settle], tiers: ['100ms', '1s'], partitions: 1 },
    tenants: knownTenants(['acme']),
  });
  return { app, paid };
};
