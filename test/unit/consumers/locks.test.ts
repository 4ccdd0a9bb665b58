import { describe, expect, test } from 'vitest';
import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { defineEvent, knownTenants } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { latch, pause, waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from './bench.ts';
import { faultyState } from './faulty-state.ts';

const TENANTS = Array.from({ length: 4 }, (_, index) => `t${index}`);
const spread = defineEvent(InvoicePaid, { topic: 'spread.events', check: 'none', partitions: 4 });

/** The first part of an invoice's id: what is locked. */
const kindOf = ({ paymentId }: InvoicePaid): string => paymentId.split('-')[0] ?? '';

/** A lock that somebody else holds. */
const othersLock = (key: string, ttlMs: number) => ({ tenant: 'acme', key, owner: 'other', ttlMs });

describe('a lock', () => {
  test('excludes jobs of one tenant with the same key, of other types and in other processes too', async () => {
    const running = new Map<string, number>();
    let [most, mostOfAll, all] = [0, 0, 0];
    const run = async (event: InvoicePaid, { tenant }: { tenant: string }) => {
      const name = `${tenant}/${kindOf(event)}`;
      const count = (running.get(name) ?? 0) + 1;
      running.set(name, count);
      all += 1;
      most = Math.max(most, count);
      mostOfAll = Math.max(mostOfAll, all);
      await pause(3);
      all -= 1;
      running.set(name, (running.get(name) ?? 0) - 1);
    };
    const lock = { key: kindOf };
    const jobs = ['bill', 'check'].map((type) => onInvoice({ type, on: spread, lock, run }));
    const bench = openBench(jobs, { events: [spread], tenants: knownTenants(TENANTS) });
    const esteira = await bench.run();
    await bench.run();
    for (let index = 0; index < 40; index += 1) {
      const tenant = TENANTS[index % 4] ?? '';
      await esteira.publish(spread, invoice(`k${index % 3}-${index}`), { tenant });
    }
    await esteira.idle();
    expect(bench.types('job.completed')).toHaveLength(80);
    expect(most).toBe(1);
    expect(mostOfAll).toBeGreaterThan(2);
  });

  test('held elsewhere keeps its job waiting, not the others; no start is counted, and no claim is kept', async () => {
    const starts: string[] = [];
    const job = onInvoice({
      lock: { key: kindOf },
      run: (event, ctx) => {
        starts.push(`${event.paymentId}:${ctx.starts}`);
      },
    });
    const bench = openBench([job]);
    const { limits } = bench.backend.state;
    await limits.lock([othersLock('a', 60_000)]);
    const esteira = await bench.run();
    for (const id of ['a-1', 'a-2', 'b-1'])
      await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme' });
    await waitFor('the free one', () => starts.includes('b-1:1'));
    expect(starts).toEqual(['b-1:1']);
    await limits.unlock([othersLock('a', 0)]);
    await esteira.idle();
    expect([...starts].sort()).toEqual(['a-1:1', 'a-2:1', 'b-1:1']);
  });

  test('of a process that died is free after its lifetime', async () => {
    const job = onInvoice({ lock: { key: 'all' }, run: () => undefined });
    const bench = openBench([job]);
    await bench.backend.state.limits.lock([othersLock('all', 250)]);
    const fromMs = Date.now();
    const esteira = await bench.run();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await esteira.idle();
    expect(bench.types('job.completed')).toHaveLength(1);
    expect(Date.now() - fromMs).toBeGreaterThan(200);
  });

  test('is held for as long as its job runs, and free when that has ended', async () => {
    const ended = latch();
    const job = onInvoice({ lock: { key: 'all' }, run: () => ended.opened });
    const bench = openBench([job]);
    const esteira = await bench.run();
    const { limits } = bench.backend.state;
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await waitFor('its start', () => bench.types('job.started').length === 1);
    // Longer than its lifetime, which is the lease.
    await pause(500);
    expect(await limits.lock([othersLock('all', 1)])).toMatchObject([{ kind: 'held' }]);
    ended.open();
    await esteira.idle();
    await waitFor(
      'it to be free',
      async () => (await limits.lock([othersLock('all', 50)]))[0]?.kind === 'locked',
    );
  });

  test('that is lost takes its run the right to go on, and the job runs again', async () => {
    const state = faultyState();
    const reasons: unknown[] = [];
    const job = onInvoice({
      lock: { key: 'all' },
      run: async (_event, ctx) => {
        if (reasons.length > 0) return;
        state.faults.losesLocks = true;
        await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve, { once: true }));
        reasons.push(ctx.signal.reason);
        state.faults.losesLocks = false;
        ctx.signal.throwIfAborted();
      },
    });
    const bench = openBench([job], { state: state.wrap });
    const esteira = await bench.run();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await esteira.idle();
    expect(reasons).toMatchObject([{ code: 'ESTEIRA_CLOSED' }]);
    expect(bench.types('job.failed')).toEqual([]);
    expect(bench.types('job.completed')).toMatchObject([{ attempt: 1 }]);
  });

  test('survives an outage of the store: nothing fails, and what it keeps waiting runs', async () => {
    const state = faultyState();
    let runs = 0;
    const run = () => {
      runs += 1;
      if (runs === 1) state.faults.failNext(4);
    };
    const job = onInvoice({ lock: { key: 'all' }, run });
    const bench = openBench([job], { state: state.wrap });
    const esteira = await bench.run();
    for (const id of ['p1', 'p2', 'p3']) await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme' });
    await esteira.idle();
    expect(bench.types('job.completed')).toHaveLength(3);
    expect(bench.types('job.failed')).toEqual([]);
    expect(bench.lines.some((line) => line.includes('limits: unlock works again'))).toBe(true);
  });

  test.each([
    [
      'throws',
      (event: InvoicePaid) => {
        throw new TypeError(event.paymentId);
      },
    ],
    ['gives no text', () => ''],
  ])(
    'whose key function %s makes its job a dead letter that does not quote the payload',
    async (_how, key) => {
      let runs = 0;
      const job = onInvoice({
        lock: { key },
        run: () => {
          runs += 1;
        },
      });
      const bench = openBench([job]);
      const esteira = await bench.run();
      await esteira.publish(invoicePaid, invoice('sesame'), { tenant: 'acme' });
      await esteira.idle();
      const dead = bench.types('job.sent_to_dlq');
      expect(dead).toMatchObject([{ reason: 'unrecoverable' }]);
      expect(dead[0]?.errorMessage).toContain('lock.key');
      expect(JSON.stringify(bench.told.map(({ errorMessage }) => errorMessage))).not.toContain('sesame');
      expect(runs).toBe(0);
    },
  );

  test('keeps ordered jobs in their order', async () => {
    const done: string[] = [];
    const lock = { key: 'all' };
    const job = onInvoice({ order: 'key', lock, run: (event) => void done.push(event.paymentId) });
    const bench = openBench([job]);
    await bench.backend.state.limits.lock([othersLock('all', 300)]);
    const fromMs = Date.now();
    const esteira = await bench.run();
    const ids = ['p1', 'p2', 'p3', 'p4'];
    for (const id of ids) await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme' });
    await esteira.idle();
    expect(done).toEqual(ids);
    expect(bench.types('job.started')[0]?.time).toBeGreaterThan(fromMs + 250);
  });
});
