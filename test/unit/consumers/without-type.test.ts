import { expect, test } from 'vitest';
import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { invoice } from '../../support/invoices.ts';
import { waitFor } from '../../support/wait.ts';
import { onInvoice, openBench } from './bench.ts';

// Bug: an event without `ce_type` was known by its schema on its topic, and by nothing on the inbox: each retry of it, and
// each replay, died as undecodable.
test('an event without ce_type is known by its schema also when it is tried again', async () => {
  const ran: number[] = [];
  const bench = openBench([
    onInvoice({
      run: (_, { attempt }) => {
        ran.push(attempt);
        if (attempt === 1) throw new Error('not yet');
      },
    }),
  ]);
  await bench.run();
  const value = await bench.backend.serde.encode(InvoicePaid, invoice('p1'));
  const headers = { ce_id: 'e-1', ce_source: 'billing', ce_tenantid: 'acme' };
  await bench.write(
    'billing.events',
    value,
    Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)] as const),
  );
  await waitFor(
    'its end',
    () => bench.types('job.completed').length + bench.types('job.sent_to_dlq').length === 1,
  );
  expect(ran).toEqual([1, 2]);
});
