import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { defineApp, defineEvent, defineJob, knownTenants, UnrecoverableError } from '../../../src/index.ts';

const { ANALYTICS_NS = 'it-analytics' } = process.env;

/** What analysts look at: some succeed at once, some at the second attempt, some never. */
export const invoicePaid = defineEvent(InvoicePaid, {
  topic: `${ANALYTICS_NS}.events`,
  check: 'none',
  partitions: 2,
});

const settle = defineJob<InvoicePaid>({
  ...{ type: 'settle', kind: 'reactive', on: invoicePaid, order: 'none', startFrom: 'beginning' },
  retry: { attempts: 3, backoff: '100ms' },
  run: async ({ paymentId }, { attempt }) => {
    if (paymentId.startsWith('again-') && attempt === 1) throw new TypeError('the bank was busy');
    if (paymentId.startsWith('never-')) throw new UnrecoverableError('no such account');
  },
});

/** The app of the scenario of analysts; namespace from the environment. */
export default defineApp({
  name: ANALYTICS_NS,
  events: [invoicePaid],
  jobs: [settle],
  tenants: knownTenants(['acme', 'umbrella']),
  tiers: ['100ms'],
});
