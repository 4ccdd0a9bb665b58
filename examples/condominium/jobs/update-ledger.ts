import { defineJob, trigger } from '../../../src/index.ts';
import { invoicePaid } from '../events.ts';
import { type Ledger, type LedgerEntry, updateLedger } from '../use-cases/update-ledger.ts';

/** Reactive, in order: the payments of one condominium are entered as they came in, also when one must be repeated. */
export const updateLedgerJob = (ledger: Ledger) => {
  const enter = updateLedger(ledger);
  return defineJob<LedgerEntry>({
    type: 'update-ledger',
    kind: 'reactive',
    on: trigger(invoicePaid, {
      map: ({ tenantId, paymentId, amountCents }) => ({ tenant: tenantId, paymentId, amountCents }),
    }),
    queue: 'books',
    order: 'key',
    idempotencyKey: ({ paymentId }) => paymentId,
    retry: { attempts: 5, backoff: ['100ms', '300ms', '1s'] },
    run: (entry, { fence }) => enter(entry, fence),
  });
};
