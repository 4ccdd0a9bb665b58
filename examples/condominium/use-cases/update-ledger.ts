/** One payment in the books. */
export interface LedgerEntry {
  readonly tenant: string;
  readonly paymentId: string;
  readonly amountCents: number;
}

/** The books of all condominiums. `fence` grows with every start of a job: what is older than known is refused. */
export interface Ledger {
  post(entry: LedgerEntry, fence: number): Promise<void>;
}

/** Enters a payment. */
export const updateLedger =
  (ledger: Ledger) =>
  (entry: LedgerEntry, fence: number): Promise<void> =>
    ledger.post(entry, fence);
