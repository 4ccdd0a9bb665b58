import { afterAll, describe, expect, test } from 'vitest';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { defineApp, defineEvent, defineJob, knownTenants } from '../../src/index.ts';
import { invoice } from '../support/invoices.ts';
import { freshName, type Scenario, startScenario } from '../support/scenario.ts';
import { pause, waitFor } from '../support/wait.ts';

// Promise: one tenant floods; the others' wait stays bounded by the flood / the rate at which it is moved aside + 1 s.
const closers: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closers) await close();
});

const FLOOD = 3_000;
/** One key: each waits for the one before it. */
const ORDERED_FLOOD = 1_500;
const WORK_MS = 50;
const CONCURRENCY = 4;
const QUIET = ['quiet-1', 'quiet-2', 'quiet-3'];
/** How long the first measuring of a pace may take on a busy machine. */
const BEGIN_MS = 3_000;

/** An app with one partition, in which everybody stands behind the flood. */
const floodApp = (ns: string, order: 'none' | 'key', workMs: number) => {
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.billing.events`, check: 'none', partitions: 1 });
  const ran: { readonly id: string; readonly tenant: string; readonly atMs: number }[] = [];
  const isQuietDone = (): boolean => new Set(ran.map(({ tenant }) => tenant)).size > QUIET.length;
  let work = workMs;
  const settle = defineJob<InvoicePaid>({
    ...{ type: 'settle', kind: 'reactive', on: paid, order, startFrom: 'beginning' },
    ...{ concurrency: CONCURRENCY, retry: { attempts: 2, backoff: '100ms' } },
    run: async ({ paymentId }, { tenant }) => {
      ran.push({ id: paymentId, tenant, atMs: Date.now() });
      // What is measured is over: the rest of the flood only has to be counted.
      if (tenant !== 'flooding' && isQuietDone()) work = 1;
      await pause(work);
    },
  });
  const tenants = knownTenants(['flooding', ...QUIET]);
  const app = defineApp({ name: ns, events: [paid], jobs: [settle], tiers: ['100ms'], tenants });
  return { app, paid, ran };
};

/** The flood and what stands behind it, written before anybody reads. */
const written = async ({ app, paid }: ReturnType<typeof floodApp>, count: number): Promise<void> => {
  const { esteira, close } = await startScenario(app, { roles: [] });
  const flood = Array.from({ length: count }, (_, index) => `f-${index}`);
  await Promise.all(flood.map((id) => esteira.publish(paid, invoice(id), { tenant: 'flooding' })));
  for (const tenant of QUIET) await esteira.publish(paid, invoice(tenant), { tenant });
  await close();
};

/** How many had run when the last of the quiet ones began. */
const ranBeforeQuiet = (ran: readonly { readonly tenant: string }[]): number =>
  ran.findLastIndex(({ tenant }) => tenant !== 'flooding');

const movedPerMs = ({ toldOf }: Scenario): number => {
  const times = toldOf('job.deferred').map(({ time }) => time);
  return times.length / Math.max(1, Math.max(...times) - Math.min(...times));
};

describe('one tenant floods a partition, with handlers that take a while', () => {
  test('the others behind it wait for the moving, not for its work, and every job takes effect once', async () => {
    const ns = freshName('surplus');
    const flooded = floodApp(ns, 'none', WORK_MS);
    await written(flooded, FLOOD);
    const scenario = await startScenario(flooded.app);
    closers.push(scenario.close);
    const quiet = () => flooded.ran.filter(({ tenant }) => tenant !== 'flooding');
    await waitFor('the quiet tenants', () => quiet().length === QUIET.length, { timeoutMs: 60_000 });
    const waitedMs = Math.max(...quiet().map(({ atMs }) => atMs)) - (flooded.ran[0]?.atMs ?? 0);
    expect(ranBeforeQuiet(flooded.ran)).toBeLessThan(FLOOD / 4);
    expect(waitedMs).toBeLessThan(FLOOD / movedPerMs(scenario) + 1_000 + BEGIN_MS);
    console.log(JSON.stringify({ waitedMs, movedPerSecond: Math.round(movedPerMs(scenario) * 1_000) }));
    await waitFor('the flood', () => flooded.ran.length === FLOOD + QUIET.length, { timeoutMs: 90_000 });
    expect(new Set(flooded.ran.map(({ id }) => id)).size).toBe(FLOOD + QUIET.length);
    const aside = await scenario.records(`${ns}.job.settle.surplus`);
    expect(aside.length).toBe(scenario.toldOf('job.deferred').length);
    expect(new Set(aside.map(({ key }) => String(key)))).toEqual(new Set(['flooding']));
  });

  test('where the type is ordered it leaves by the waiting topic, and its order is kept', async () => {
    const ns = freshName('surplus-order');
    const flooded = floodApp(ns, 'key', 5);
    await written(flooded, ORDERED_FLOOD);
    const scenario = await startScenario(flooded.app);
    closers.push(scenario.close);
    const quiet = () => flooded.ran.filter(({ tenant }) => tenant !== 'flooding');
    await waitFor('the quiet tenants', () => quiet().length === QUIET.length, { timeoutMs: 30_000 });
    expect(ranBeforeQuiet(flooded.ran)).toBeLessThan(ORDERED_FLOOD / 2);
    await waitFor('the flood', () => flooded.ran.length === ORDERED_FLOOD + QUIET.length, {
      timeoutMs: 90_000,
    });
    const own = flooded.ran.filter(({ tenant }) => tenant === 'flooding').map(({ id }) => id);
    expect(own).toEqual(Array.from({ length: ORDERED_FLOOD }, (_, index) => `f-${index}`));
  });
});
