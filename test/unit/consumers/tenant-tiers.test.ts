import { expect, test } from 'vitest';
import { FairQueue } from '../../../src/consumers/scheduling/fair-queue.ts';
import { createTenantResolver } from '../../../src/consumers/tenant-resolver.ts';
import { latch } from '../../support/wait.ts';

/** A directory whose answer for `acme` comes when it is let go, on a clock that stands still until it is moved. */
const openDirectory = () => {
  let nowMs = 0;
  let tier: string | undefined;
  let answered = latch();
  answered.open();
  const directory = {
    resolve: async (id: string) => {
      await answered.opened;
      return { id, ...(tier === undefined ? {} : { tier }) };
    },
  };
  const tenants = createTenantResolver(directory, { nowMs: () => nowMs, after: () => () => undefined });
  return {
    tenants,
    change: (to: string) => {
      tier = to;
      nowMs += 60_000;
      answered = latch();
    },
    answer: () => answered.open(),
  };
};

// While a tenant was asked for again it had no tier at all, and so the limits of all tenants.
test('a tenant keeps its tier until another is known; then who listens is told', async () => {
  const { tenants, change, answer } = openDirectory();
  const changed: (string | undefined)[] = [];
  tenants.onTierChanged((id) => changed.push(tenants.tierOf(id)));
  await tenants.resolve('acme');
  expect(changed).toEqual([]);
  change('gold');
  const first = tenants.resolve('acme');
  answer();
  await first;
  change('silver');
  const second = tenants.resolve('acme');
  expect(tenants.tierOf('acme')).toBe('gold');
  answer();
  await second;
  expect(changed).toEqual(['gold', 'silver']);
});

test('what a tenant may have of a queue follows its tier, also for what waits already', () => {
  const caps: Record<string, number> = { acme: 1, globex: 1 };
  const queue = new FairQueue<string>({ shareOf: (tenant) => ({ concurrency: caps[tenant] }) });
  for (const item of ['a1', 'a2', 'a3']) queue.push(item, 'acme', 5);
  for (const item of ['g1', 'g2']) queue.push(item, 'globex', 5);
  expect([queue.shift(), queue.shift(), queue.shift()]).toEqual(['a1', 'g1', undefined]);
  Object.assign(caps, { acme: 2, globex: 2 });
  queue.refresh('acme');
  expect([queue.shift(), queue.shift()]).toEqual(['a2', undefined]);
  queue.refresh();
  expect([queue.shift(), queue.shift()]).toEqual(['g2', undefined]);
});
