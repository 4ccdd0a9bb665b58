import { appendFileSync, existsSync } from 'node:fs';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { defineApp, defineEvent, defineJob, knownTenants, UnrecoverableError } from '../../src/index.ts';

const { OPERATOR_NS = 'it-operator', OPERATOR_FOLDER = '.' } = process.env;

const invoicePaid = defineEvent(InvoicePaid, {
  topic: `${OPERATOR_NS}.events`,
  check: 'none',
  partitions: 2,
});

/** Fails for good until somebody puts a file called `fixed` into the folder; then notes each job in `receipts`. */
const sendReceipt = defineJob({
  type: 'send-receipt',
  kind: 'reactive',
  on: invoicePaid,
  order: 'none',
  retry: { attempts: 1 },
  run: (invoice, ctx) => {
    if (!existsSync(`${OPERATOR_FOLDER}/fixed`))
      throw new UnrecoverableError('the template of receipts is broken');
    appendFileSync(`${OPERATOR_FOLDER}/receipts`, `${invoice.paymentId} ${ctx.jobId}\n`);
  },
});

/** The app of the scenario in which an operator brings dead letters back; namespace and folder from the environment. */
export default defineApp({
  name: OPERATOR_NS,
  events: [invoicePaid],
  jobs: [sendReceipt],
  tenants: knownTenants(['acme']),
  tiers: ['1s'],
  partitions: 2,
});
