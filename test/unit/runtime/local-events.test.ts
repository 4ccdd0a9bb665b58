import { expect, test } from 'vitest';
import { defineApp, knownTenants, start } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from '../consumers/bench.ts';

test('a listener hears what happens in its process, until it is taken away; one that throws hurts nobody', async () => {
  const job = onInvoice({
    run: (event) => {
      if (event.paymentId === 'bad') throw new Error('bad');
    },
    retry: { attempts: 1 },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  const heard: string[] = [];
  const off = esteira.on('completed', ({ type }) => heard.push(type));
  esteira.on('completed', () => {
    throw new Error('listener');
  });
  esteira.on('dead', ({ reason }) => heard.push(`${reason}`));
  await esteira.publish(invoicePaid, invoice('good'), { tenant: 'acme' });
  await esteira.publish(invoicePaid, invoice('bad'), { tenant: 'acme' });
  await esteira.idle();
  expect(heard.toSorted()).toEqual(['attempts_exhausted', 'job.completed']);
  off();
  await esteira.publish(invoicePaid, invoice('later'), { tenant: 'acme' });
  await esteira.idle();
  expect(heard).toHaveLength(2);
  expect(bench.lines.some((line) => line.includes('a local listener threw'))).toBe(true);
});

test('a process that is given queues runs their job types and leaves the others', async () => {
  const mine = onInvoice({ type: 'mine', queue: 'mine' });
  const other = onInvoice({ type: 'other', queue: 'other' });
  const bench = openBench([mine, other], { queues: { mine: {}, other: {} } });
  const esteira = await bench.run({ queues: ['mine'] });
  await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
  await waitFor('the one to run', () => bench.types('job.completed').length === 1);
  expect(bench.types('job.completed')[0]?.jobType).toBe('mine');
  const both = await bench.run({ queues: ['other'] });
  await both.idle();
  expect(bench.types('job.completed').map(({ jobType }) => jobType)).toEqual(['mine', 'other']);
});

test('a queue that is not defined is refused by name', async () => {
  const app = defineApp({ name: 'refused', events: [], jobs: [], tenants: knownTenants([]) });
  await expect(start(app, { environment: { LOG_LEVEL: 'silent' }, queues: ['nights'] })).rejects.toThrow(
    'nights: no such queue in refused, which has default',
  );
});

test('queues that no job type is in are refused: the process would stand there and run nothing', async () => {
  const app = defineApp({
    ...{ name: 'refused', events: [], jobs: [], tenants: knownTenants([]) },
    queues: { nights: { limit: 1 } },
  });
  await expect(start(app, { environment: { LOG_LEVEL: 'silent' }, queues: ['nights'] })).rejects.toThrow(
    'nights: no job type of refused is in there',
  );
});
