import { afterAll, expect, test } from 'vitest';
import { partitionForKey } from '../../src/core/murmur2.ts';
import { invoice } from '../support/invoices.ts';
import { BIG, lanesApp } from '../support/lanes-app.ts';
import { freshName, startScenario } from '../support/scenario.ts';
import { TENANTS } from '../support/scenario-app.ts';
import { pause, waitFor } from '../support/wait.ts';

// Promise: the flood of a tenant with an inbox of its own is out of the others' way as fast as it can be written.
const closers: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closers) await close();
});

const FLOOD = 4_000;
const WORK_MS = 50;
const PARTITIONS = 6;

const partitionOf = (tenant: string): number => partitionForKey(Buffer.from(tenant), PARTITIONS);

/** Somebody else, whose events come to the same partition. */
const QUIET = TENANTS.find((tenant) => tenant !== BIG && partitionOf(tenant) === partitionOf(BIG)) ?? '';

test('a quiet tenant behind the flood in its partition waits for the forwarding, not for the work', async () => {
  const ns = freshName('dedicated');
  const effects = new Map<string, number>();
  const ran = { flood: 0, whenQuietRan: Number.POSITIVE_INFINITY };
  const { app, paid } = lanesApp(ns, {
    onInvoice: async ({ paymentId }, { tenant }) => {
      effects.set(paymentId, (effects.get(paymentId) ?? 0) + 1);
      if (tenant === QUIET) {
        ran.whenQuietRan = ran.flood;
        return;
      }
      // Once the quiet one ran, what is measured is over: the rest of the flood only has to be counted.
      await pause(effects.has('quiet') ? 1 : WORK_MS);
      ran.flood += 1;
    },
  });
  const producing = await startScenario(app, { roles: [] });
  const flood = Array.from({ length: FLOOD }, (_, index) => `flood-${index}`);
  await Promise.all(flood.map((id) => producing.esteira.publish(paid, invoice(id), { tenant: BIG })));
  await producing.esteira.publish(paid, invoice('quiet'), { tenant: QUIET });
  await producing.close();
  const scenario = await startScenario(app);
  closers.push(scenario.close);
  const startedMs = Date.now();
  await waitFor('the quiet tenant', () => effects.has('quiet'), { timeoutMs: 60_000 });
  const forwardedMs = Date.now() - startedMs;
  await waitFor('the flood', () => ran.flood === FLOOD, { timeoutMs: 90_000 });
  console.log(JSON.stringify({ flood: FLOOD, workMs: WORK_MS, forwardedMs, ran }));
  expect(ran.whenQuietRan).toBeLessThan(FLOOD / 4);
  expect([...effects.values()].filter((count) => count !== 1)).toEqual([]);
  const own = await scenario.records(`${ns}.job.settle.tenant.${BIG}`);
  expect(
    new Set(own.map(({ headers }) => String(headers.find(([name]) => name === 'job-id')?.[1]))).size,
  ).toBe(FLOOD);
  const offsets = own
    .map(({ headers }) => String(headers.find(([name]) => name === 'job-origin')?.[1]))
    .map((origin) => Number(origin.split('/')[2]));
  expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
});
