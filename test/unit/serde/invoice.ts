import type { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import type { AvroContract } from '../../../src/core/contract.ts';
import { createMemorySource, createSerde } from '../../../src/serde/index.ts';

/** An invoice with something in each field. */
export const invoice: InvoicePaid = {
  tenantId: 'acme',
  invoiceId: 'i-1',
  paymentId: 'p-1',
  amountCents: 129_900,
  currency: 'EUR',
  lines: [{ description: 'Água e gás 💧', amountCents: 129_900 }],
  paidAt: 1_790_000_000_000,
};

/** A serde that knows these contracts; their ids are 1, 2 and so on. */
export const serdeOf = async (...contracts: readonly AvroContract<unknown>[]) => {
  const serde = createSerde({ source: createMemorySource(contracts) });
  await serde.warm(contracts);
  return serde;
};
