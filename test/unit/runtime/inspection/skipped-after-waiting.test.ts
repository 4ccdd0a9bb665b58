import { expect, test } from 'vitest';
import { invoice } from '../../../support/invoices.ts';
import { latch, waitFor } from '../../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from '../../consumers/bench.ts';
import { lookAt } from './look.ts';

// It was once said to wait, for what was told of it last but the skip was that it was put off.
test('a job that was put off behind another of its idempotency key, and then skipped, is skipped', async () => {
  const first = latch();
  const job = onInvoice({
    idempotencyKey: () => 'one',
    run: () => first.opened,
  });
  const bench = openBench([job]);
  const esteira = await bench.run({ engine: { setAsideAfterMs: 50 } });
  for (const id of ['p1', 'p2']) await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme', id });
  await waitFor('the second to be put off', () => bench.types('job.deferred').length > 0);
  first.open();
  await esteira.idle();
  const { look, idsOf } = lookAt(bench);
  const [, second = ''] = await idsOf('billing.events');
  expect(bench.types('job.skipped')).toMatchObject([{ jobId: second, reason: 'duplicate' }]);
  expect(await look(second)).toMatchObject({ state: 'skipped', waitsFor: 'nothing' });
});
