import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import {
  defineApp,
  defineEvent,
  defineJob,
  knownTenants,
  trigger,
  UnrecoverableError,
} from '../../src/index.ts';

const { WHERE_NS = 'it-where' } = process.env;

const invoicePaid = defineEvent(InvoicePaid, { topic: `${WHERE_NS}.events`, check: 'none', partitions: 2 });

/** Invoices whose payment begins with this word. */
const only = (word: string) =>
  trigger(invoicePaid, { when: ({ paymentId }) => paymentId.startsWith(`${word}-`) });

/** Ends as the payment says: `one-ok`, `one-fail`, `one-dead`, or `one-hang`, which never does. */
const settle = defineJob<InvoicePaid>({
  ...{ type: 'settle', kind: 'reactive', on: only('one'), order: 'none', startFrom: 'beginning' },
  ...{ retry: { attempts: 3, backoff: '5m' }, lease: '3s' },
  run: async ({ paymentId }) => {
    if (paymentId === 'one-fail') throw new TypeError('the bank said no');
    if (paymentId === 'one-dead') throw new UnrecoverableError('no such account');
    if (paymentId === 'one-hang') await new Promise(() => undefined);
  },
});

/** Its first record of a currency fails, and keeps the others behind it. */
const postEntry = defineJob<InvoicePaid>({
  ...{ type: 'post-entry', kind: 'reactive', on: only('row'), startFrom: 'beginning' },
  ...{ order: ({ currency }) => currency, holdFor: '50ms', retry: { attempts: 9, backoff: '10m' } },
  run: ({ paymentId }) => {
    if (paymentId === 'row-1') throw new TypeError('the ledger is closed');
  },
});

/** Nobody runs its queue. */
const archive = defineJob<InvoicePaid>({
  ...{ type: 'archive', kind: 'system', on: only('old'), order: 'none', startFrom: 'beginning' },
  queue: 'night',
  run: () => undefined,
});

/** The app of the scenario that asks where jobs are; namespace from the environment. */
export default defineApp({
  name: WHERE_NS,
  events: [invoicePaid],
  jobs: [settle, postEntry, archive],
  tenants: knownTenants(['acme']),
  queues: { night: { limit: 2 } },
  tiers: ['1s'],
  partitions: 2,
});
