import { expect, test } from 'vitest';
import { invoice } from '../../support/invoices.ts';
import { latch, waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from './bench.ts';

// The bug it was: a second copy that waited long beside its running job was set aside by a decision of the job; when the
// run then failed it was superseded by that, and the failed attempt was not counted.
test('a copy that waits elsewhere while its job runs decides nothing: an attempt that fails meanwhile counts', async () => {
  const attempts: number[] = [];
  const first = latch<void>();
  const job = onInvoice({
    retry: { attempts: 2, backoff: '20ms' },
    run: async (_, ctx) => {
      attempts.push(ctx.attempt);
      if (attempts.length === 1) await first.opened;
      throw new Error('made to fail');
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run({ engine: { setAsideAfterMs: 50 } });
  for (let copy = 0; copy < 2; copy += 1)
    await esteira.publish(invoicePaid, invoice('i1'), { tenant: 'acme', id: 'i1' });
  await waitFor('the second copy to be set aside', () => bench.types('job.deferred').length > 0);
  first.open();
  await esteira.idle();
  expect(attempts).toEqual([1, 2]);
  expect(bench.types('job.sent_to_dlq')).toMatchObject([{ reason: 'attempts_exhausted', attempt: 2 }]);
  expect(await bench.read('bench.dlq.settle')).toHaveLength(1);
});
