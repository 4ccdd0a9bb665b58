import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { jobIdOf } from '../../../src/core/ids.ts';
import { defineEvent, IntegrityError } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { invoicePaid, onInvoice, openBench } from './bench.ts';

const wide = defineEvent(InvoicePaid, { topic: 'billing.events', check: 'none', partitions: 3 });
const ATTEMPTS = 3;

/** One record: its key, how many attempts fail, and whether it can never work. */
const record = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
  failures: fc.integer({ min: 0, max: ATTEMPTS }),
  hopeless: fc.boolean(),
});

/** What the runs of one record must have been, given what it does. */
const expectedRuns = (one: { failures: number; hopeless: boolean }): number =>
  one.hopeless ? 1 : Math.min(one.failures + 1, ATTEMPTS);

// About a hundred keys with histories of their own, over all runs.
test('whatever fails, and however often, the records of a key run in their order, each to its end before the next', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { minLength: 20, maxLength: 60 }),
      fc.integer({ min: 1, max: 8 }),
      async (records, concurrency) => {
        const runs: { key: string; at: number; attempt: number; running: number }[] = [];
        const running = new Map<string, number>();
        const job = onInvoice({
          ...{ on: wide, concurrency, order: (event) => event.currency },
          retry: { attempts: ATTEMPTS, backoff: '1ms' },
          run: async (event, ctx) => {
            const [key, at] = [event.currency, Number(event.paymentId)];
            const beside = (running.get(key) ?? 0) + 1;
            running.set(key, beside);
            runs.push({ key, at, attempt: ctx.attempt, running: beside });
            await new Promise((resolve) => setImmediate(resolve));
            running.set(key, beside - 1);
            if (records[at]?.hopeless) throw new IntegrityError('never');
            if (ctx.attempt <= (records[at]?.failures ?? 0)) throw new Error('not yet');
          },
        });
        const bench = openBench([job], { events: [wide] });
        const esteira = await bench.run({ environment: { LOG_LEVEL: 'silent' } });
        for (const [at, { key }] of records.entries()) {
          const event = invoice(String(at), { currency: key });
          await esteira.publish(wide, event, { tenant: 'acme', id: String(at) });
        }
        await esteira.idle();
        const expected = records.flatMap((one, at) =>
          Array.from({ length: expectedRuns(one) }, (_, index) => ({ key: one.key, at, attempt: index + 1 })),
        );
        for (const key of new Set(records.map((one) => one.key))) {
          const due = expected.filter((one) => one.key === key);
          const done = runs.filter((one) => one.key === key);
          expect(done).toEqual(due.map((one) => ({ ...one, running: 1 })));
        }
        const dead = records.filter((one) => one.hopeless || one.failures >= ATTEMPTS);
        expect(bench.types('job.sent_to_dlq')).toHaveLength(dead.length);
        await esteira.stop();
      },
    ),
    { numRuns: 15 },
  );
});

test('a key that waits for its head lets other keys of its partition pass', async () => {
  const order: string[] = [];
  const job = onInvoice({
    order: (event) => event.currency,
    retry: { attempts: 2, backoff: '500ms' },
    run: (event, ctx) => {
      if (event.paymentId === 'a1' && ctx.attempt === 1) throw new Error('not yet');
      order.push(event.paymentId);
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  for (const id of ['a1', 'a2', 'b1', 'b2']) {
    await esteira.publish(invoicePaid, invoice(id, { currency: id.slice(0, 1) }), { tenant: 'acme', id });
  }
  await esteira.idle();
  expect(order).toEqual(['b1', 'b2', 'a1', 'a2']);
  const head = jobIdOf('bench', 'settle', 'bench', 'a1');
  expect(bench.types('job.retried')).toMatchObject([{ jobId: head, attempt: 1 }]);
});

test('with the order of the record key, a tenant waits for its own head and for no other tenant', async () => {
  const order: string[] = [];
  const job = onInvoice({
    order: 'key',
    retry: { attempts: 2, backoff: '500ms' },
    run: (event, ctx) => {
      if (ctx.attempt === 1 && ctx.tenant === 'acme' && event.paymentId === '1') throw new Error('not yet');
      order.push(`${ctx.tenant}-${event.paymentId}`);
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  for (const id of ['1', '2']) {
    for (const tenant of ['acme', 'globex']) await esteira.publish(invoicePaid, invoice(id), { tenant });
  }
  await esteira.idle();
  expect(order).toEqual(['globex-1', 'globex-2', 'acme-1', 'acme-2']);
});
