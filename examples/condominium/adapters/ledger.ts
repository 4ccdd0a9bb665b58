import { IntegrityError } from '../../../src/index.ts';
import type { Ledger, LedgerEntry } from '../use-cases/update-ledger.ts';
import { noTrouble, type Trouble } from './trouble.ts';

/** Books in memory. */
export interface MemoryLedger extends Ledger {
  /** One entry for each payment, in the order of their first posting. */
  readonly entries: readonly LedgerEntry[];
  /** Every posting that reached the books, repeats included. */
  readonly postings: number;
}

/** A sink as it should be: one entry per payment, and a posting with an older fence than known is refused. */
export const createLedger = (trouble: Trouble = noTrouble): MemoryLedger => {
  const known = new Map<string, { readonly entry: LedgerEntry; readonly fence: number }>();
  let postings = 0;
  return {
    get entries() {
      return [...known.values()].map(({ entry }) => entry);
    },
    get postings() {
      return postings;
    },
    post: async (entry, fence) => {
      trouble(entry.paymentId);
      const before = known.get(entry.paymentId);
      if (before !== undefined && before.fence > fence)
        throw new Error('a newer run has posted this payment');
      if (before !== undefined && before.entry.amountCents !== entry.amountCents) {
        throw new IntegrityError('one payment with two amounts');
      }
      known.set(entry.paymentId, { entry, fence });
      postings += 1;
    },
  };
};
