import { describe, expect, test } from 'vitest';
import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import type { Broker, GroupConsumer } from '../../../src/core/ports/broker.ts';
import { defineEvent } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { Ledger } from '../../support/ledger.ts';
import { latch, pause, waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from './bench.ts';
import { faultyState } from './faulty-state.ts';

const GROUP = 'bench.job.settle';
const wide = defineEvent(InvoicePaid, { topic: 'billing.events', check: 'none', partitions: 4 });

/** Tells every commit that a consumer asks for, by partition. */
const watchedCommits = () => {
  const asked: string[] = [];
  const watched = (consumer: GroupConsumer): GroupConsumer => ({
    run: (listener) => consumer.run(listener),
    pause: (partitions) => consumer.pause(partitions),
    resume: (partitions) => consumer.resume(partitions),
    stop: () => consumer.stop(),
    commit: async (offsets) => {
      const accepted = await consumer.commit(offsets);
      for (const { topic, partition, offset } of accepted) asked.push(`${topic}/${partition}/${offset}`);
      return accepted;
    },
  });
  const wrap = (broker: Broker): Broker => ({
    createProducer: (options) => broker.createProducer(options),
    createConsumer: (options) => watched(broker.createConsumer(options)),
    admin: broker.admin,
    close: () => broker.close(),
  });
  return { asked, wrap };
};

describe('a rebalance in mid-run', () => {
  test.each([
    ['that keeps its members', false],
    ['that takes them for new ones', true],
  ])(
    '%s starts no second run beside the first, repeats none, and skips nothing',
    async (_what, newMembers) => {
      const go = latch();
      const ledger = new Ledger();
      const running = new Map<string, number>();
      let together = 0;
      const job = onInvoice({
        run: async (event, ctx) => {
          const now = (running.get(event.paymentId) ?? 0) + 1;
          running.set(event.paymentId, now);
          together = Math.max(together, now);
          await go.opened;
          ledger.write(event.paymentId, ctx.fence, ctx.jobId);
          running.set(event.paymentId, now - 1);
        },
      });
      const state = faultyState();
      const bench = openBench([job], { state: state.wrap });
      const esteira = await bench.run();
      const ids = ['a', 'b', 'c'];
      for (const id of ids) await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme' });
      await waitFor('all to run', () => running.size === 3);
      for (let round = 0; round < 3; round += 1) {
        bench.faults.rebalance(GROUP, { newMembers });
        await waitFor('the group to settle', () => !bench.cluster.group(GROUP).rebalancing);
      }
      // What is handed over again meets the claim of the first run, and waits.
      await esteira.publish(invoicePaid, invoice('d'), { tenant: 'acme' });
      await waitFor('the record after them', () => running.size === 4);
      const asked = () => state.faults.calls.filter(({ name }) => name === 'claim').length;
      const before = asked();
      if (newMembers) await waitFor('the second copies to ask again', () => asked() > before);
      expect(together).toBe(1);
      expect(await bench.committed()).toBe(0n);
      go.open();
      await esteira.idle();
      expect(ledger.effects.map(({ key }) => key).sort()).toEqual(['a', 'b', 'c', 'd']);
      expect(bench.types('job.skipped')).toEqual([]);
      expect(await bench.committed()).toBe(4n);
    },
  );

  test('among three processes, again and again, moves no committed offset back and runs each job once', async () => {
    const ledger = new Ledger();
    const running = new Set<string>();
    const doubled: string[] = [];
    const job = onInvoice({
      on: wide,
      run: async (event, ctx) => {
        if (running.has(event.paymentId)) doubled.push(event.paymentId);
        running.add(event.paymentId);
        await pause(1);
        ledger.write(event.paymentId, ctx.fence, ctx.jobId);
        running.delete(event.paymentId);
      },
    });
    const commits = watchedCommits();
    const bench = openBench([job], { events: [wide], broker: commits.wrap, tenants: everybody });
    const esteira = await bench.run();
    await bench.run();
    await bench.run();
    const ids = Array.from({ length: 300 }, (_, index) => `p${index}`);
    await Promise.all(
      ids.map((id, index) => esteira.publish(wide, invoice(id), { tenant: `t${index % 20}` })),
    );
    for (let round = 1; round <= 12; round += 1) {
      await waitFor('some progress', () => ledger.effects.length >= round * 20);
      bench.faults.rebalance(GROUP, { newMembers: round % 3 === 0 });
    }
    await esteira.idle();
    expect(doubled).toEqual([]);
    expect(ledger.effects.map(({ key }) => key).sort()).toEqual([...ids].sort());
    const highest = new Map<string, number>();
    for (const commit of commits.asked.filter((one) => one.startsWith('billing.events/'))) {
      const [, partition = '', offset = ''] = commit.split('/');
      expect(Number(offset)).toBeGreaterThan(highest.get(partition) ?? 0);
      highest.set(partition, Number(offset));
    }
    expect([...highest.values()].reduce((sum, offset) => sum + offset, 0)).toBe(300);
  });
});

test('a process that stops hands its partitions over, and the other finishes what was not begun', async () => {
  const ledger = new Ledger();
  const go = latch();
  const job = onInvoice({
    concurrency: 1,
    run: async (event, ctx) => {
      await go.opened;
      ledger.write(event.paymentId, ctx.fence, ctx.jobId);
    },
  });
  const bench = openBench([job]);
  const first = await bench.run();
  const second = await bench.run();
  const ids = Array.from({ length: 10 }, (_, index) => `p${index}`);
  for (const id of ids) await first.publish(invoicePaid, invoice(id), { tenant: 'acme' });
  await waitFor('a run', () => bench.types('job.started').length > 0);
  const stopped = first.stop();
  go.open();
  expect(await stopped).toBe(true);
  await second.idle();
  expect(ledger.effects.map(({ key }) => key).sort()).toEqual(ids);
});

test('a client that gives up ends the process in order', async () => {
  const fatal = latch<Error>();
  const bench = openBench([onInvoice()]);
  await bench.run({ onFatal: fatal.open });
  bench.faults.crash(GROUP);
  expect(await fatal.opened).toMatchObject({ code: 'ESTEIRA_BROKER_UNAVAILABLE' });
});

const everybody = { resolve: async (id: string) => ({ id }) };
