import { expect, test } from 'vitest';
import { invoice } from '../../support/invoices.ts';
import { waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from './bench.ts';

const refused = (): Error =>
  Object.assign(new Error('no'), { code: 'ECONNREFUSED', address: '127.0.0.1', port: 25 });

/** A job type whose sink is down until `mend`; for some tenants only, where they are named. */
const sinkOf = (downFor?: readonly string[]) => {
  let isDown = true;
  const runs: { tenant: string; attempt: number }[] = [];
  const job = onInvoice({
    run: (_event, ctx) => {
      runs.push({ tenant: ctx.tenant, attempt: ctx.attempt });
      if (isDown && (downFor === undefined || downFor.includes(ctx.tenant))) throw refused();
    },
  });
  return { job, runs, mend: () => (isDown = false) };
};

test('while a dependency is down no attempt is spent, nothing dies, and it goes on by itself', async () => {
  const { job, runs, mend } = sinkOf();
  const bench = openBench([job]);
  const esteira = await bench.run({ engine: { suspension: { firstPauseMs: 300 } } });
  for (let i = 0; i < 20; i += 1) await esteira.publish(invoicePaid, invoice(`p${i}`), { tenant: 'acme' });
  const failed = bench.types('job.failed').length;
  await waitFor('a try after a pause', () => bench.types('job.failed').length > failed);
  // At most the ten slots of the first moment, and one try a pause: no storm.
  expect(runs.length).toBeLessThanOrEqual(12);
  mend();
  await waitFor('everything to complete', () => bench.types('job.completed').length === 20, {
    timeoutMs: 15_000,
  });
  expect(bench.types('job.completed').every(({ attempt, starts }) => attempt === 1 && starts === 1)).toBe(
    true,
  );
  expect(bench.types('job.sent_to_dlq')).toEqual([]);
  expect(bench.types('job.suspended')).toMatchObject([{ reason: '127.0.0.1:25', tenantId: 'acme' }]);
  expect(bench.types('job.resumed')).toMatchObject([{ reason: '127.0.0.1:25' }]);
});

test('a tenant whose dependency is down does not keep another from its own', async () => {
  const { job, mend } = sinkOf(['acme']);
  const bench = openBench([job]);
  const esteira = await bench.run();
  for (let i = 0; i < 30; i += 1) {
    await esteira.publish(invoicePaid, invoice(`p${i}`), { tenant: i % 2 === 0 ? 'acme' : 'globex' });
  }
  const completedOf = (tenant: string) =>
    bench.types('job.completed').filter(({ tenantId }) => tenantId === tenant).length;
  await waitFor('the other tenant to be done', () => completedOf('globex') === 15);
  expect(completedOf('acme')).toBe(0);
  mend();
  await waitFor('the first to catch up', () => completedOf('acme') === 15, { timeoutMs: 15_000 });
  expect(bench.types('job.sent_to_dlq')).toEqual([]);
});

test('after the second failed try what a suspended tenant has is set aside, so that its partition moves on', async () => {
  const { job, mend } = sinkOf(['acme']);
  const bench = openBench([job], { tiers: ['500ms', '1s', '2s'] });
  const esteira = await bench.run();
  for (let i = 0; i < 5; i += 1) await esteira.publish(invoicePaid, invoice(`p${i}`), { tenant: 'acme' });
  await waitFor('the offsets to be settled', async () => (await bench.committed()) === 5n, {
    timeoutMs: 10_000,
  });
  expect(new Set(bench.types('job.deferred').map(({ jobId }) => jobId)).size).toBe(5);
  expect(bench.types('job.deferred')[0]).toMatchObject({ reason: 'dependency_down', attempt: 1 });
  mend();
  await waitFor('everything to complete', () => bench.types('job.completed').length === 5, {
    timeoutMs: 15_000,
  });
  expect(bench.types('job.completed').every(({ attempt }) => attempt === 1)).toBe(true);
});
