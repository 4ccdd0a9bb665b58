import { describe, expect, test } from 'vitest';
import type { Duration } from '../../../src/core/duration.ts';
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

describe('a tenant that floods a partition', () => {
  test('has its surplus moved aside: another behind it waits for the moving, and every job runs once', async () => {
    const { ran, run } = slowly(10);
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
