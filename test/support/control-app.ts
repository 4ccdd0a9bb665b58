import { appendFileSync } from 'node:fs';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { defineApp, defineEvent, defineJob, knownTenants } from '../../src/index.ts';

const { CONTROL_NS = 'it-control', CONTROL_LEDGER = 'ledger' } = process.env;

export const paid = defineEvent(InvoicePaid, {
  topic: `${CONTROL_NS}.events`,
  check: 'none',
  partitions: 2,
});

/** Notes each run: job type, payment and attempt, one line each. */
const noting = (type: string, queue: string) =>
  defineJob<InvoicePaid>({
    ...{ type, queue, kind: 'reactive', on: paid, order: 'none', startFrom: 'beginning' },
    run: ({ paymentId }, { attempt }) => appendFileSync(CONTROL_LEDGER, `${type} ${paymentId} ${attempt}\n`),
  });

/** The app of the scenario in which operators pause and cancel; namespace and ledger from the environment. */
export default defineApp({
  name: CONTROL_NS,
  events: [paid],
  jobs: [noting('settle', 'money'), noting('archive', 'papers')],
  queues: { money: {}, papers: {} },
  tenants: knownTenants(['acme']),
  tiers: ['1s'],
  partitions: 2,
});
