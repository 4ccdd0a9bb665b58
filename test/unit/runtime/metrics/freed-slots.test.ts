import { expect, test } from 'vitest';
import { invoice } from '../../../support/invoices.ts';
import { scrape } from '../../../support/metered-app.ts';
import { invoicePaid, onInvoice, openBench } from '../../consumers/bench.ts';

test('slots of a process that died are counted by who frees them', async () => {
  const bench = openBench([onInvoice({ queue: 'few' })], { queues: { few: { limit: 2 } } });
  const dead = { queue: 'few', holders: ['one', 'two'], most: 2, asker: 'dead', leaseMs: 200 };
  await bench.backend.state.limits.acquire([dead]);
  const esteira = await bench.run({ health: true, environment: { LOG_LEVEL: 'silent', HEALTH_PORT: '0' } });
  const freed = async () =>
    (await scrape(esteira.healthPort)).value('esteira_slots_freed_total', { queue: 'few' });
  expect(await freed()).toBe(0);
  await esteira.publish(invoicePaid, invoice('one'), { tenant: 'acme' });
  await esteira.idle();
  expect(await freed()).toBe(2);
});
