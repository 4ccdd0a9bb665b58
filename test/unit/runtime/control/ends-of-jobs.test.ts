import { expect, test } from 'vitest';
import { latch, waitFor } from '../../../support/wait.ts';
import { onInvoice } from '../../consumers/bench.ts';
import { lookAt } from '../inspection/look.ts';
import { operatedBench, publish } from './operated-bench.ts';

test.each(['none', 'key'] as const)(
  'a waiting job that is cancelled ends as cancelled, without a start, and others run (order: %s)',
  async (order) => {
    const done: string[] = [];
    const bench = operatedBench([onInvoice({ order, run: (event) => void done.push(event.paymentId) })]);
    const first = await bench.run({ roles: [] });
    await publish(first, 'p-1');
    await publish(first, 'p-2');
    const [jobId = ''] = await lookAt(bench).idsOf('billing.events');
    expect(await bench.cancel(jobId)).toMatchObject({ outcome: 'set', point: 'waiting' });
    const esteira = await bench.run();
    await esteira.idle();
    expect(done).toEqual(['p-2']);
    const ofJob = bench.told.filter((event) => event.jobId === jobId);
    expect(ofJob.map(({ type, reason }) => [type, reason])).toEqual([['job.cancelled', 'cancelled']]);
    expect(await bench.look(jobId)).toMatchObject({ state: 'cancelled', waitsFor: 'nothing' });
    expect(await bench.cancel(jobId)).toMatchObject({ outcome: 'refused', point: 'too_late' });
  },
);

test.each(['none', 'key'] as const)(
  'a cancelled job leaves its idempotency key to others: nothing was done (order: %s)',
  async (order) => {
    const done: string[] = [];
    const run = (event: { paymentId: string }) => void done.push(event.paymentId);
    const bench = operatedBench([onInvoice({ order, idempotencyKey: () => 'one', run })]);
    const first = await bench.run({ roles: [] });
    for (const id of ['p-1', 'p-2', 'p-3']) await publish(first, id);
    const [jobId = ''] = await lookAt(bench).idsOf('billing.events');
    await bench.cancel(jobId);
    const esteira = await bench.run();
    await esteira.idle();
    expect(done).toEqual(['p-2']);
    expect(bench.told.map(({ type }) => type)).toEqual([
      ...['job.cancelled', 'job.started', 'job.completed', 'job.skipped'],
    ]);
  },
);

test('a running job that is cancelled has its signal aborted, and ends as cancelled when it stops for it', async () => {
  const begun = latch();
  const bench = operatedBench([
    onInvoice({
      run: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('stopped')));
          begun.open();
        }),
    }),
  ]);
  const esteira = await bench.run();
  await publish(esteira, 'p-1');
  await begun.opened;
  const jobId = await waitFor('it is told', () => bench.told[0]?.jobId);
  expect(await bench.cancel(jobId)).toMatchObject({ outcome: 'set', point: 'running' });
  await esteira.idle();
  expect(bench.told.map(({ type }) => type)).toEqual(['job.started', 'job.cancelled']);
});

test('a purge ends what waits, retries included, and leaves what comes later alone', async () => {
  const done: string[] = [];
  const job = onInvoice({
    retry: { attempts: 2, backoff: '2s' },
    run: (event) => {
      if (event.paymentId === 'fails') throw new Error('not yet');
      done.push(event.paymentId);
    },
  });
  const bench = operatedBench([job], { tiers: ['2s'] });
  const esteira = await bench.run();
  await publish(esteira, 'fails');
  await waitFor('its retry', () => bench.told.some(({ type }) => type === 'job.retried'));
  expect(await bench.purge(false)).toMatchObject([{ outcome: 'would_set', jobType: 'settle', onTiers: 1 }]);
  expect(await bench.purge()).toMatchObject([{ outcome: 'set', jobType: 'settle' }]);
  await publish(esteira, 'later');
  await waitFor('the purged one', () =>
    bench.told.some(({ type, reason }) => type === 'job.cancelled' && reason === 'purged'),
  );
  expect(done).toEqual(['later']);
});
