import { expect, test } from 'vitest';
import { invoice } from '../../../support/invoices.ts';
import { waitFor } from '../../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from '../../consumers/bench.ts';
import { lookAt } from './look.ts';

// The store knows a job of an unknown tenant by the tenant that its record names.
test('the claim of a job is found that was told of an unknown tenant', async () => {
  const bench = openBench([onInvoice()], { tenants: { resolve: async () => undefined } });
  const esteira = await bench.run();
  await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme', id: 'p1' });
  await waitFor('its letter', () => bench.types('job.sent_to_dlq').length === 1);
  await esteira.idle();
  const [told] = bench.types('job.sent_to_dlq');
  const jobId = told?.jobId ?? '';
  expect(told?.tenantId).toBe('unknown');
  // A worker that knows the tenant by now has taken its replay.
  const at = 'bench.job.settle/0/0';
  const claim = { jobType: 'settle', tenant: 'acme', idempotencyKey: jobId, jobId, run: 'a run' };
  await bench.backend.state.claim([
    {
      ...{ ...claim, hop: 2, position: at, origin: at, leaseMs: 60_000 },
      ...{ attempt: 1, starts: 0, maxAttempts: 3, maxStarts: 3 },
    },
  ]);
  const { found } = await lookAt(bench).look(jobId);
  expect(found.claim).toMatchObject({ kind: 'running', jobId });
});
