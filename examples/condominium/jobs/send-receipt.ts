import { defineJob, trigger } from '../../../src/index.ts';
import { invoicePaid } from '../events.ts';
import { type Mailer, type ReceiptOrder, sendReceipt } from '../use-cases/send-receipt.ts';

/** Reactive, first in line: the payer is waiting. Sending depends on an external service, so it may try often. */
export const sendReceiptJob = (mailer: Mailer) => {
  const send = sendReceipt(mailer);
  return defineJob<ReceiptOrder>({
    type: 'send-receipt',
    kind: 'reactive',
    on: trigger(invoicePaid, {
      priority: 1,
      map: ({ tenantId, paymentId, invoiceId, amountCents }) => ({
        tenant: tenantId,
        paymentId,
        invoiceId,
        amountCents,
      }),
    }),
    queue: 'notifications',
    order: 'none',
    idempotencyKey: ({ paymentId }) => paymentId,
    retry: { attempts: 10, backoff: ['100ms', '300ms', '1s'] },
    attemptTimeout: '10s',
    run: (order, { signal }) => send(order, signal),
  });
};
