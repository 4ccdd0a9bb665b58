import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { defineApp, defineEvent, defineJob, knownTenants, UnrecoverableError } from '../../src/index.ts';

const { HOLD_NS = 'it-hold' } = process.env;

export const paid = defineEvent(InvoicePaid, {
  topic: `${HOLD_NS}.events`,
  check: 'none',
  partitions: 1,
});

/** What took effect in this process, in its order. */
export const effects: string[] = [];

/** The ledger of an account: a wrong entry holds the account, since what follows builds on it. */
const post = defineJob<InvoicePaid>({
  ...{ type: 'post', kind: 'reactive', on: paid, startFrom: 'beginning' },
  ...{ order: ({ currency }) => currency, afterDead: 'hold' },
  run: ({ paymentId }) => {
    if (paymentId === 'a1') throw new UnrecoverableError('the entry is wrong');
    effects.push(paymentId);
  },
});

/** The app of the scenario of a held key; namespace from the environment. */
export default defineApp({
  name: HOLD_NS,
  events: [paid],
  jobs: [post],
  tenants: knownTenants(['acme']),
  tiers: ['1s'],
  partitions: 1,
});
