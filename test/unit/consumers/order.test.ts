import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { jobIdOf } from '../../../src/core/ids.ts';
import type { Broker } from '../../../src/core/ports/broker.ts';
import { defineEvent, IntegrityError } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { waitFor } from '../../support/wait.ts';
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

/** A broker whose telemetry topic takes records and does not say so until `answer` is called. */
const silentTelemetry = () => {
  const waiting: (() => void)[] = [];
  let isSilent = true;
  const wrap = (broker: Broker): Broker => ({
    admin: broker.admin,
    createConsumer: (options) => broker.createConsumer(options),
    close: () => broker.close(),
    createProducer: async () => {
      const producer = await broker.createProducer();
      return {
        send: (record, options) => producer.send(record, options),
        flush: () => producer.flush(),
        close: () => producer.close(),
        post: (record, done) =>
          producer.post(record, (...answer) => {
            if (isSilent && record.topic.endsWith('.telemetry.jobs')) waiting.push(() => done(...answer));
            else done(...answer);
          }),
      };
    },
  });
  const answer = (): void => {
    isSilent = false;
    for (const one of waiting.splice(0)) one();
  };
  return { wrap, answer };
};

// Each record of a key once waited for the telemetry of the one before: 15 a second where 600 are possible.
test('the next record of a key waits for the done mark of the one before, and only the offset for what is told of it', async () => {
  const telemetry = silentTelemetry();
  const ran: string[] = [];
  const job = onInvoice({ order: 'key', run: (event) => void ran.push(event.paymentId) });
  const bench = openBench([job], { broker: telemetry.wrap });
  const esteira = await bench.run();
  const ids = Array.from({ length: 20 }, (_, at) => `p${at}`);
  for (const id of ids) await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme' });
  await waitFor('all of the key', () => ran.length === ids.length);
  expect(ran).toEqual(ids);
  expect(await bench.committed()).toBe(0n);
  telemetry.answer();
  await esteira.idle();
  expect(await bench.committed()).toBe(20n);
});

test('copies on the waiting topic follow each other as quickly, and are kept until all is told', async () => {
  const telemetry = silentTelemetry();
  const ran: string[] = [];
  const job = onInvoice({
    ...{ order: 'key', holdFor: '1ms', retry: { attempts: 2, backoff: '200ms' } },
    run: (event, ctx) => {
      if (event.paymentId === 'p0' && ctx.attempt === 1) throw new Error('not yet');
      ran.push(event.paymentId);
    },
  });
  const bench = openBench([job], { broker: telemetry.wrap });
  const esteira = await bench.run();
  const ids = Array.from({ length: 20 }, (_, at) => `p${at}`);
  for (const id of ids) await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme' });
  await waitFor('all of the key', () => ran.length === ids.length);
  expect(ran).toEqual(ids);
  expect(await bench.read('bench.wait.settle')).not.toHaveLength(0);
  const kept = async () =>
    (await bench.backend.broker.admin.committedOffsets('bench.job.settle', 'bench.wait.settle'))[0];
  expect((await kept())?.offset).toBe(0n);
  telemetry.answer();
  await esteira.idle();
  expect((await kept())?.offset).toBeGreaterThan(0n);
});
