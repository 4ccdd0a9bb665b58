import type { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';

/** A paid invoice; the id stands in payment and invoice. */
export const invoice = (paymentId: string, changes: Partial<InvoicePaid> = {}): InvoicePaid => ({
  tenantId: 'acme',
  invoiceId: `ok-${paymentId}`,
  paymentId,
  amountCents: 100,
  currency: 'BRL',
  lines: [],
  paidAt: 1_760_000_000_000,
  ...changes,
});
