import { expect, test } from 'vitest';
import { z } from 'zod';
import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { defineEvent, type Esteira, UnrecoverableError } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { waitFor } from '../../support/wait.ts';
import { onInvoice, openBench, textHeaders } from './bench.ts';

const paid = defineEvent(InvoicePaid, { topic: 'billing.events', check: z.any(), partitions: 1 });
type Options = NonNullable<Parameters<typeof onInvoice>[0]>;

/** An ordered job type on invoices: the ordering key is the unit, the payment says which it is of its key. */
const ordered = (changes: Options) =>
  onInvoice({ on: paid, order: (event) => event.currency, holdFor: '30ms', ...changes });

/** Publishes the records `1` to `count` of a key. */
const publish = async (esteira: Esteira, key: string, from: number, to: number): Promise<void> => {
  for (let place = from; place <= to; place += 1) {
    await esteira.publish(paid, invoice(`${key}${place}`, { currency: key }), { tenant: 'acme' });
  }
};

const upTo = (key: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${key}${index + 1}`);

test('a head that fails for long waits on the waiting topic with its followers behind it; other keys go on', async () => {
  const done: string[] = [];
  let isDown = true;
  const job = ordered({
    retry: { attempts: 100, backoff: '80ms' },
    run: (event) => {
      if (isDown && event.paymentId === 'a1') throw new Error('not yet');
      done.push(event.paymentId);
    },
  });
  const bench = openBench([job], { events: [paid] });
  const esteira = await bench.run();
  await publish(esteira, 'a', 1, 20);
  await publish(esteira, 'b', 1, 20);
  await waitFor('the offsets of all to be settled', async () => (await bench.committed()) === 40n);
  // The other key is through, and nothing of the failing one has overtaken its head.
  expect(done).toEqual(upTo('b', 20));
  expect(await bench.read('bench.wait.settle')).toHaveLength(20);
  isDown = false;
  await esteira.idle();
  expect(done.filter((id) => id.startsWith('a'))).toEqual(upTo('a', 20));
  // It is back on the direct way: what comes now is not written again.
  await publish(esteira, 'a', 21, 25);
  await esteira.idle();
  expect(done.filter((id) => id.startsWith('a'))).toEqual(upTo('a', 25));
  expect(await bench.read('bench.wait.settle')).toHaveLength(20);
  expect(bench.types('job.completed')).toHaveLength(45);
});

test('a copy on the waiting topic is the record as it came, and says where its place is', async () => {
  let isDown = true;
  const job = ordered({
    retry: { attempts: 100, backoff: '80ms' },
    run: () => {
      if (isDown) throw new Error('not yet');
    },
  });
  const bench = openBench([job], { events: [paid] });
  const esteira = await bench.run();
  await publish(esteira, 'a', 1, 2);
  await waitFor('the offsets to be settled', async () => (await bench.committed()) === 2n);
  const [first] = await bench.read('billing.events');
  const [copy, follower] = await bench.read('bench.wait.settle');
  expect([copy?.key, copy?.value]).toEqual([first?.key, first?.value]);
  expect(textHeaders(copy?.headers ?? [])).toMatchObject({
    ...textHeaders(first?.headers ?? []),
    ...{ 'job-place': 'billing.events/0/0', 'job-origin': 'billing.events/0/0', 'job-order-key': 'a' },
    ...{ 'job-hop': '0', 'job-attempt': '1' },
  });
  expect(textHeaders(follower?.headers ?? [])['job-place']).toBe('billing.events/0/1');
  isDown = false;
  await esteira.idle();
  expect(bench.types('job.completed')).toHaveLength(2);
});

test('a job of an ordered type that runs for long lets its partition go on, and its key waits behind it', async () => {
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const done: string[] = [];
  const job = ordered({
    detachAfter: '60ms',
    run: async (event) => {
      if (event.paymentId === 'a1') await finished;
      done.push(event.paymentId);
    },
  });
  const bench = openBench([job], { events: [paid] });
  const esteira = await bench.run();
  await publish(esteira, 'a', 1, 5);
  await publish(esteira, 'b', 1, 5);
  await waitFor('all offsets to be settled', async () => (await bench.committed()) === 10n);
  expect(done).toEqual(upTo('b', 5));
  finish();
  await esteira.idle();
  expect(done.slice(5)).toEqual(upTo('a', 5));
  expect(bench.types('job.started')).toHaveLength(10);
});

test('under afterDead hold nothing runs behind a dead letter of its key: what follows dies behind it', async () => {
  const done: string[] = [];
  const job = ordered({
    afterDead: 'hold',
    run: (event) => {
      if (event.paymentId === 'a2') throw new UnrecoverableError('never');
      done.push(event.paymentId);
    },
  });
  const bench = openBench([job], { events: [paid] });
  const esteira = await bench.run();
  await publish(esteira, 'a', 1, 4);
  await publish(esteira, 'b', 1, 3);
  await esteira.idle();
  expect(done.toSorted()).toEqual(['a1', 'b1', 'b2', 'b3']);
  expect(bench.types('job.sent_to_dlq').map(({ reason }) => reason)).toEqual([
    'unrecoverable',
    'behind_dead_letter',
    'behind_dead_letter',
  ]);
});

test('with processes that come and go, every key runs in its order, each record to its end before the next', async () => {
  const firstDone: string[] = [];
  const failures = new Map<string, number>();
  const job = ordered({
    retry: { attempts: 6, backoff: ['40ms', '5ms', '90ms'] },
    lease: '400ms',
    run: (event) => {
      const number = Number(event.paymentId.slice(1));
      const failed = failures.get(event.paymentId) ?? 0;
      if (failed < (number % 5 === 0 ? 3 : 0)) {
        failures.set(event.paymentId, failed + 1);
        throw new Error('not yet');
      }
      if (!firstDone.includes(event.paymentId)) firstDone.push(event.paymentId);
    },
  });
  const bench = openBench([job], { events: [paid] });
  const engine = { window: { records: 8, bytes: 1_000_000 } };
  const steady = await bench.run({ engine });
  const publishing = (async () => {
    for (let place = 1; place <= 40; place += 1) {
      for (const key of ['a', 'b', 'c']) await publish(steady, key, place, place);
    }
  })();
  for (let round = 0; round < 3; round += 1) {
    const guest = await bench.run({ engine });
    const told = bench.told.length;
    await waitFor('work to go on', () => bench.told.length > told + 20);
    await guest.stop();
  }
  await publishing;
  await steady.idle();
  for (const key of ['a', 'b', 'c']) {
    expect(firstDone.filter((id) => id.startsWith(key))).toEqual(upTo(key, 40));
  }
  expect(bench.types('job.sent_to_dlq')).toEqual([]);
});
