import { describe, expect, test } from 'vitest';
import type { Duration } from '../../../src/core/duration.ts';
import type { Broker } from '../../../src/core/ports/broker.ts';
import type { Esteira } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { pause, waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench, textHeaders } from './bench.ts';

const SURPLUS = 'bench.job.settle.surplus';
const WAITING = 'bench.wait.settle';
const FLOOD = 1_200;
const WINDOW = { engine: { window: { records: 100, bytes: 1_000_000 }, commitEveryMs: 10 } };

/** One tenant's events, and behind them one of another. */
const flood = async (esteira: Esteira, tenants: readonly string[] = ['acme']): Promise<void> => {
  for (let index = 0; index < FLOOD; index += 1) {
    const tenant = tenants[index % tenants.length] ?? '';
    await esteira.publish(invoicePaid, invoice(`p${index}`), { tenant });
  }
  await esteira.publish(invoicePaid, invoice('quiet'), { tenant: 'globex' });
};

/** A handler that takes a while, and what it has done. */
const slowly = (workMs: number) => {
  const ran: string[] = [];
  const run = async ({ paymentId }: { readonly paymentId: string }): Promise<void> => {
    await pause(workMs);
    ran.push(paymentId);
  };
  return { ran, run };
};

/** Notes how many records are handed over for the surplus in each turn of the event loop. */
const watchedTurns = () => {
  const turns: number[] = [];
  let count = 0;
  const noteAtEnd = (): void => {
    turns.push(count);
    count = 0;
  };
  const wrap = (broker: Broker): Broker => ({
    admin: broker.admin,
    createConsumer: (options) => broker.createConsumer(options),
    close: () => broker.close(),
    createProducer: async (options) => {
      const producer = await broker.createProducer(options);
      return {
        send: (record, given) => producer.send(record, given),
        flush: () => producer.flush(),
        close: (timeoutMs) => producer.close(timeoutMs),
        post: (record, done) => {
          if (record.topic === SURPLUS && count === 0) setImmediate(noteAtEnd);
          if (record.topic === SURPLUS) count += 1;
          producer.post(record, done);
        },
      };
    },
  });
  return { turns, wrap };
};

describe('a tenant that floods a partition', () => {
  test('has its surplus moved aside: another behind it waits for the moving, and every job runs once', async () => {
    // So slow that a process moves faster than it works, also one that has no time to spare.
    const { ran, run } = slowly(20);
    const bench = openBench([onInvoice({ concurrency: 4, run })]);
    await flood(await bench.run({ roles: [] }));
    const esteira = await bench.run(WINDOW);
    await waitFor('the quiet tenant', () => ran.includes('quiet'), { timeoutMs: 20_000 });
    expect(ran.indexOf('quiet')).toBeLessThan(FLOOD / 4);
    await esteira.idle();
    expect([ran.length, new Set(ran).size]).toEqual([FLOOD + 1, FLOOD + 1]);
    const copies = await bench.read(SURPLUS);
    expect(copies.length).toBeGreaterThan(FLOOD / 2);
    const told = bench.types('job.deferred');
    expect(new Set(told.map(({ tenantId, reason }) => `${tenantId} ${reason}`))).toEqual(
      new Set(['acme surplus']),
    );
    expect(told.length).toBe(copies.length);
    expect(textHeaders(copies[0]?.headers ?? [])).toMatchObject({ 'job-hop': '0', 'job-attempt': '1' });
  }, 60_000);

  // All that one look or one answer had found was moved in one turn, for which the others' partitions waited too.
  test('has it moved in small portions, between which the event loop does other work', async () => {
    const { turns, wrap } = watchedTurns();
    const { run } = slowly(10);
    const bench = openBench([onInvoice({ concurrency: 2, run })], { broker: wrap });
    await flood(await bench.run({ roles: [] }));
    const esteira = await bench.run();
    await waitFor('the moving', () => bench.types('job.deferred').length > FLOOD / 4, { timeoutMs: 20_000 });
    await esteira.stop();
    expect(Math.max(...turns)).toBeLessThanOrEqual(64);
  }, 60_000);

  test.each([
    ['where the type says so', { surplus: false }, 10],
    ['while handlers take no time', {}, 0],
  ] as const)(
    'is left where it is %s',
    async (_, changes, workMs) => {
      const { ran, run } = slowly(workMs);
      const job = onInvoice({ ...changes, concurrency: 4, run: workMs === 0 ? () => undefined : run });
      const bench = openBench([job]);
      await flood(await bench.run({ roles: [] }));
      await (await bench.run(WINDOW)).idle();
      expect(bench.types('job.completed')).toHaveLength(FLOOD + 1);
      expect(bench.types('job.deferred')).toEqual([]);
      if (workMs > 0) expect(ran.indexOf('quiet')).toBeGreaterThan(FLOOD / 2);
    },
    20_000,
  );

  // Every job of a tenant that was alone in its partition was moved: nobody had anything of it.
  test('is left where it is while nobody stands behind it, and moved as soon as somebody does', async () => {
    const { ran, run } = slowly(10);
    const bench = openBench([onInvoice({ concurrency: 4, run })]);
    const before = await bench.run({ roles: [] });
    for (let index = 0; index < FLOOD; index += 1)
      await before.publish(invoicePaid, invoice(`p${index}`), { tenant: 'acme' });
    const esteira = await bench.run(WINDOW);
    await waitFor('some of it', () => ran.length > FLOOD / 4, { timeoutMs: 20_000 });
    expect(await bench.read(SURPLUS)).toEqual([]);
    await esteira.publish(invoicePaid, invoice('quiet'), { tenant: 'globex' });
    await waitFor('the quiet tenant', () => ran.includes('quiet'), { timeoutMs: 20_000 });
    expect(ran.indexOf('quiet')).toBeLessThan(FLOOD * 0.75);
    expect((await bench.read(SURPLUS)).length).toBeGreaterThan(0);
  }, 60_000);

  // What a limited tenant had in the window kept free slots from the others, who stood behind it.
  test('is moved also where it is half of what comes, when its own limit holds it back', async () => {
    const ran: string[] = [];
    const job = onInvoice({
      concurrency: 4,
      run: async (_, { tenant }) => {
        await pause(tenant === 'acme' ? 25 : 3);
        ran.push(tenant);
      },
    });
    const bench = openBench([job], { queues: { default: { tenants: { concurrency: 1 } } } });
    const before = await bench.run({ roles: [] });
    const half = FLOOD / 4;
    for (let index = 0; index < 2 * half; index += 1) {
      const tenant = index % 2 === 0 ? 'acme' : 'globex';
      await before.publish(invoicePaid, invoice(`p${index}`), { tenant });
    }
    const esteira = await bench.run(WINDOW);
    const others = () => ran.filter((tenant) => tenant === 'globex').length;
    await waitFor('the other tenant', () => others() === half, { timeoutMs: 20_000 });
    expect(ran.length - others()).toBeLessThan(half * 0.75);
    const moved = await bench.read(SURPLUS);
    expect(new Set(moved.map(({ key }) => String(key)))).toEqual(new Set(['acme']));
    await esteira.idle();
    expect(ran).toHaveLength(2 * half);
  }, 60_000);

  test('leaves an ordered type by its waiting topic, and its order is kept', async () => {
    const { ran, run } = slowly(4);
    const lease: Duration = '2s';
    const bench = openBench([onInvoice({ order: 'key', concurrency: 2, lease, run })]);
    await flood(await bench.run({ roles: [] }));
    const esteira = await bench.run(WINDOW);
    await waitFor('the quiet tenant', () => ran.includes('quiet'), { timeoutMs: 20_000 });
    expect(ran.indexOf('quiet')).toBeLessThan(FLOOD / 4);
    expect((await bench.read(WAITING)).length).toBeGreaterThan(FLOOD / 2);
    await esteira.idle();
    const own = ran.filter((id) => id !== 'quiet').map((id) => Number(id.slice(1)));
    expect(own).toEqual(Array.from({ length: FLOOD }, (__, index) => index));
  }, 60_000);
});
