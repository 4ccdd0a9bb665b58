import { expect, test } from 'vitest';
import { invoice } from '../../../support/invoices.ts';
import { latch, waitFor } from '../../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from '../../consumers/bench.ts';
import { lookAt } from './look.ts';

test('of a detached job `jobs why` says that, where it runs and what stands in for it', async () => {
  const over = latch();
  const job = onInvoice({ lease: '300ms', detachAfter: '80ms', run: () => over.opened });
  const bench = openBench([job]);
  const esteira = await bench.run();
  await esteira.publish(invoicePaid, invoice('long'), { tenant: 'acme' });
  await waitFor('the partition to go on', async () => (await bench.committed()) === 1n);
  const { look, idsOf } = lookAt(bench);
  const [jobId = ''] = await idsOf('billing.events');
  const [started] = bench.types('job.started');
  const why = await waitFor('its stand-in to be seen', async () => {
    const one = await look(jobId);
    return one.says.includes('detached') ? one : undefined;
  });
  expect(why).toMatchObject({ state: 'running', waitsFor: 'nothing' });
  expect(why.says).toContain(`on ${started?.host}, execution ${started?.executionId}`);
  expect(why.says).toMatch(/It is detached, .*: the offset of billing\.events\/0\/0 is settled, and bench\./);
  over.open();
  await esteira.idle();
  expect((await look(jobId)).state).toBe('completed');
});
