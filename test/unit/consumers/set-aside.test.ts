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

// A process that was killed while it moved a repeated event elsewhere moved it again, and both copies were told: 28 of
// 20,000 events of a foreign hand were skipped twice.
test('a repeated event whose copy was written twice is told as skipped under one id', async () => {
  const first = latch<void>();
  let runs = 0;
  const job = onInvoice({
    run: async () => {
      runs += 1;
      await first.opened;
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run({ engine: { setAsideAfterMs: 50 } });
  for (let copy = 0; copy < 2; copy += 1)
    await esteira.publish(invoicePaid, invoice('i1'), { tenant: 'acme', id: 'i1' });
  await waitFor('the second copy to be set aside', () => bench.types('job.deferred').length > 0);
  first.open();
  await esteira.idle();
  const copies = await bench.read('bench.job.settle');
  const copy = copies.at(-1);
  if (copy === undefined) throw new Error('nothing was set aside');
  await bench.write('bench.job.settle', copy.value, copy.headers);
  await esteira.idle();
  const skipped = bench.types('job.skipped');
  expect(runs).toBe(1);
  expect(skipped.length).toBeGreaterThan(1);
  expect(new Set(skipped.map(({ eventId }) => eventId)).size).toBe(1);
});
