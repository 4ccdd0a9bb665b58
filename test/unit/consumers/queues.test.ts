import { expect, test } from 'vitest';
import type { Esteira } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from './bench.ts';

/** A latch that many handlers wait at. */
const gate = () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
};

const publishAll = async (
  esteira: Esteira,
  count: number,
  tenantOf: (index: number) => string = () => 'acme',
): Promise<void> => {
  for (let index = 0; index < count; index += 1) {
    await esteira.publish(invoicePaid, invoice(`p${index}`), { tenant: tenantOf(index) });
  }
};

test('a queue never runs more at once than it allows, however many slots the process has', async () => {
  let running = 0;
  let most = 0;
  const job = onInvoice({
    queue: 'narrow',
    run: async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
    },
  });
  const bench = openBench([job], { queues: { narrow: { concurrency: 2 } } });
  const esteira = await bench.run();
  await publishAll(esteira, 30);
  await esteira.idle();
  expect(bench.types('job.completed')).toHaveLength(30);
  expect(most).toBe(2);
});

test('tenants take turns: one that has flooded the partition does not keep another waiting', async () => {
  const { opened, open } = gate();
  const order: string[] = [];
  const job = onInvoice({
    concurrency: 1,
    run: async (_event, ctx) => {
      order.push(ctx.tenant);
      await opened;
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  await publishAll(esteira, 53, (index) => (index < 50 ? 'acme' : 'globex'));
  await waitFor('the first to run', () => order.length === 1);
  open();
  await esteira.idle();
  expect(order).toHaveLength(53);
  // Behind 50 of the other tenant's, and yet among the first that run.
  expect(order.lastIndexOf('globex')).toBeLessThan(12);
});

test('a tenant runs no more at once than its queue allows it, and the others use the rest', async () => {
  const { opened, open } = gate();
  const running = new Map<string, number>();
  const job = onInvoice({
    queue: 'shared',
    run: async (_event, ctx) => {
      running.set(ctx.tenant, (running.get(ctx.tenant) ?? 0) + 1);
      await opened;
    },
  });
  const bench = openBench([job], { queues: { shared: { tenants: { concurrency: 3 } } } });
  const esteira = await bench.run();
  await publishAll(esteira, 40, (index) => (index < 30 ? 'acme' : 'globex'));
  await waitFor('both to run', () => running.get('acme') === 3 && running.get('globex') === 3);
  open();
  await esteira.idle();
  expect(bench.types('job.completed')).toHaveLength(40);
});

test('priority 1 goes before the rest of a backlog', async () => {
  const { opened, open } = gate();
  const order: string[] = [];
  const job = onInvoice({
    concurrency: 1,
    run: async (event) => {
      order.push(event.paymentId);
      await opened;
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  await publishAll(esteira, 20);
  await waitFor('the first to run', () => order.length === 1);
  await esteira.dispatch(job, invoice('urgent'), { tenant: 'acme', priority: 1 });
  await waitFor(
    'the urgent one to be there',
    async () => (await bench.read('bench.job.settle')).length === 1,
  );
  open();
  await esteira.idle();
  expect(order.indexOf('urgent')).toBeLessThan(8);
});

test('a queue that would rather skip than wait skips what finds no slot, with a warning, and says so', async () => {
  const { opened, open } = gate();
  const job = onInvoice({ queue: 'now-or-never', run: () => opened });
  const bench = openBench([job], { queues: { 'now-or-never': { concurrency: 1, whenFull: 'skip' } } });
  const esteira = await bench.run();
  await publishAll(esteira, 4);
  await waitFor('three to be skipped', () => bench.types('job.skipped').length === 3);
  open();
  await esteira.idle();
  expect(bench.types('job.completed')).toHaveLength(1);
  expect(bench.types('job.skipped').every(({ reason }) => reason === 'queue_full')).toBe(true);
  expect(bench.lines.filter((line) => line.includes('its queue is full'))).toHaveLength(3);
});

test('what has waited longer than its queue allows is a dead letter, max_age, and is not run', async () => {
  const { opened, open } = gate();
  const job = onInvoice({ queue: 'impatient', run: () => opened });
  const bench = openBench([job], { queues: { impatient: { concurrency: 1, queueTimeout: '150ms' } } });
  const esteira = await bench.run();
  await publishAll(esteira, 3);
  await waitFor('the time to pass', () => Date.now() - (bench.told[0]?.time ?? Date.now()) > 200);
  open();
  await esteira.idle();
  expect(bench.types('job.completed')).toHaveLength(1);
  expect(bench.types('job.sent_to_dlq')).toMatchObject([
    { reason: 'max_age', errorCode: 'QUEUE_TIMEOUT' },
    { reason: 'max_age', errorCode: 'QUEUE_TIMEOUT' },
  ]);
});

test('retries end when a job is older than it may become', async () => {
  const job = onInvoice({
    maxAge: '250ms',
    retry: { attempts: 50, backoff: '50ms' },
    run: () => {
      throw new Error('again');
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  await publishAll(esteira, 1);
  await esteira.idle();
  expect(bench.types('job.sent_to_dlq')).toMatchObject([{ reason: 'max_age', errorCode: 'MAX_AGE' }]);
  expect(bench.types('job.started').length).toBeLessThan(10);
});

test('a job that makes no sense any more is skipped before its handler is called, and stays over', async () => {
  let runs = 0;
  const job = onInvoice({
    shouldRun: async (event) => event.paymentId !== 'p1',
    run: () => {
      runs += 1;
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  await publishAll(esteira, 3);
  await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme', id: 'again' });
  await esteira.idle();
  expect(runs).toBe(2);
  expect(bench.types('job.skipped').map(({ reason }) => reason)).toEqual(['precondition', 'precondition']);
});

test('a job about an older version of a state than the current is skipped, also when it is retried late', async () => {
  let current = 2;
  const runs: number[] = [];
  const job = onInvoice({
    version: { of: ({ amountCents }) => amountCents, current: () => current },
    run: ({ amountCents }, ctx) => {
      runs.push(amountCents);
      if (ctx.attempt > 1 || amountCents !== 2) return;
      current = 3;
      throw new Error('not yet');
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  for (const version of [2, 3, 1])
    await esteira.publish(invoicePaid, invoice(`p${version}`, { amountCents: version }), { tenant: 'acme' });
  await esteira.idle();
  expect(runs.toSorted()).toEqual([2, 3]);
  expect(bench.types('job.skipped').map(({ reason }) => reason)).toEqual(['stale_version', 'stale_version']);
  expect(bench.types('job.completed')).toHaveLength(1);
});

// An ordered record that found no slot was dropped where it stood: its key waited for ever, and so did its offset.
test('an ordered record that finds no slot is skipped at its turn, and its key goes on', async () => {
  const { opened, open } = gate();
  const done: string[] = [];
  const job = onInvoice({
    ...{ queue: 'now-or-never', order: (event) => event.currency },
    run: async (event) => {
      await opened;
      done.push(event.paymentId);
    },
  });
  const bench = openBench([job], { queues: { 'now-or-never': { concurrency: 1, whenFull: 'skip' } } });
  const esteira = await bench.run();
  for (const id of ['a1', 'b1', 'b2']) {
    await esteira.publish(invoicePaid, invoice(id, { currency: id.slice(0, 1) }), { tenant: 'acme' });
  }
  await waitFor('the first to run', () => bench.types('job.started').length === 1);
  open();
  await esteira.idle();
  expect(done[0]).toBe('a1');
  const skipped = bench.types('job.skipped');
  expect(skipped.every(({ reason }) => reason === 'queue_full')).toBe(true);
  expect(skipped.length).toBeGreaterThanOrEqual(1);
  expect(done.length + skipped.length).toBe(3);
});

test('an ordered record that has waited longer than its queue allows dies at its turn, and its key goes on', async () => {
  const { opened, open } = gate();
  const job = onInvoice({ queue: 'impatient', order: 'key', run: () => opened });
  const bench = openBench([job], { queues: { impatient: { queueTimeout: '150ms' } } });
  const esteira = await bench.run();
  await publishAll(esteira, 3);
  await waitFor('the time to pass', () => Date.now() - (bench.told[0]?.time ?? Date.now()) > 250);
  open();
  await esteira.idle();
  expect(bench.types('job.completed')).toHaveLength(1);
  expect(bench.types('job.sent_to_dlq').map(({ reason, errorCode }) => `${reason} ${errorCode}`)).toEqual([
    'max_age QUEUE_TIMEOUT',
    'max_age QUEUE_TIMEOUT',
  ]);
});
