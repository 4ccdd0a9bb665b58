import { expect, test } from 'vitest';
import { listQueues } from '../../../../src/runtime/inspection/index.ts';
import { invoice } from '../../../support/invoices.ts';
import { invoicePaid, onInvoice, openBench } from '../../consumers/bench.ts';
import { lookAt } from './look.ts';

const job = onInvoice({ lanes: true, dedicated: ['acme'] });

test('jobs in lanes and in the inboxes of tenants are found, counted and explained', async () => {
  const bench = openBench([job]);
  const esteira = await bench.run({ roles: [] });
  const urgent = await esteira.dispatch(job, invoice('p1'), { tenant: 'globex', priority: 1 });
  const own = await esteira.dispatch(job, invoice('p2'), { tenant: 'acme', priority: 9 });
  const { look } = lookAt(bench);
  expect(await look(urgent.id)).toMatchObject({ state: 'dispatched', waitsFor: 'worker' });
  expect((await look(urgent.id)).says).toContain('bench.job.settle.high/0/0');
  expect((await look(own.id)).says).toContain('bench.job.settle.tenant.acme.low/0/0');
  const { queues } = await listQueues({ app: bench.app, backend: bench.backend }, Date.now());
  const topics = queues.flatMap(({ jobTypes }) => jobTypes.flatMap((type) => type.topics));
  expect(topics.filter(({ records }) => records > 0).map(({ topic }) => topic)).toEqual([
    'bench.job.settle.high',
    'bench.job.settle.tenant.acme.low',
  ]);
});

test('a job that was taken to the inbox of its tenant says so', async () => {
  const bench = openBench([job], { tiers: ['1h'] });
  const esteira = await bench.run({ queues: ['default'] });
  await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
  await esteira.idle();
  const { look, idsOf } = lookAt(bench);
  const [id = ''] = await idsOf('billing.events');
  const { found, state } = await look(id);
  expect(state).toBe('completed');
  expect(found.history.map(({ type, reason }) => [type, reason])).toEqual([
    ['job.deferred', 'dedicated_inbox'],
    ['job.started', null],
    ['job.completed', null],
  ]);
});
