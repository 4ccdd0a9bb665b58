import { describe, expect, test } from 'vitest';
import { worthMoving } from '../../../../src/consumers/surplus/worth-moving.ts';
import { type Arrival, runFlooded } from './flooded-partition.ts';

/** Two jobs a ms, and four copies a ms. */
const PLACE = { concurrency: 10, workMs: 5, movesPerMs: 4 };
const WORKS_PER_MS = 2;

const tenants = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `t${index}`);

/** Numbers from 0 to 1, the same in each run. */
const numbers = (): (() => number) => {
  let seed = 12_345;
  return () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
};

/** So many records, each of a tenant with the chance of its weight, `perMs` of them a ms; default all at once. */
const mixed = (
  count: number,
  weights: Readonly<Record<string, number>>,
  perMs = Number.POSITIVE_INFINITY,
) => {
  const next = numbers();
  const names = Object.entries(weights);
  const total = names.reduce((sum, [, weight]) => sum + weight, 0);
  return Array.from({ length: count }, (_, index): Arrival => {
    let at = next() * total;
    const chosen = names.find(([, weight]) => {
      at -= weight;
      return at < 0;
    });
    return { tenant: chosen?.[0] ?? names[0]?.[0] ?? '', atMs: index / perMs };
  });
};

const zipf = (count: number, steepness: number): Record<string, number> =>
  Object.fromEntries(tenants(count).map((tenant, index) => [tenant, (index + 1) ** -steepness]));

describe('of a backlog nothing is moved aside', () => {
  // 14,600 of 20,000 jobs were: what is held of any large tenant piles up, as tenants take turns.
  test.each([
    [50, 1],
    [20, 1],
    [20, 1.2],
    [8, 1],
    [6, 0],
  ])('where %i tenants are as large as they happen to be (Zipf, steepness %d)', (count, steepness) => {
    const run = runFlooded({ ...PLACE, arrivals: mixed(12_000, zipf(count, steepness)) });
    expect(run.moved).toBe(0);
  });

  test('while many tenants ask for more than there is', () => {
    const equal = Object.fromEntries(tenants(40).map((tenant) => [tenant, 1]));
    const run = runFlooded({ ...PLACE, arrivals: mixed(20_000, equal, WORKS_PER_MS * 1.3) });
    expect(run.moved).toBe(0);
  });

  test('while the work is done as it comes, also where nearly all of it is of one tenant', () => {
    const run = runFlooded({ ...PLACE, arrivals: mixed(20_000, { large: 9, small: 1 }, WORKS_PER_MS * 0.8) });
    expect(run.moved).toBe(0);
  });

  test.each([[1], [2], [4]])('where the %i who flood have the partition for themselves', (count) => {
    const alone = Object.fromEntries(tenants(count).map((tenant) => [tenant, 1]));
    const run = runFlooded({ ...PLACE, arrivals: mixed(10_000, alone) });
    expect(run.moved).toBe(0);
  });

  test('where it is worked off within a second', () => {
    const run = runFlooded({ ...PLACE, arrivals: mixed(1_900, { flooding: 99, quiet: 1 }) });
    expect(run.moved).toBe(0);
  });
});

describe('floods are moved aside', () => {
  const quiet = ['quiet-1', 'quiet-2'];
  const flooded = (floods: Readonly<Record<string, number>>) =>
    mixed(24_000, { ...floods, 'quiet-1': 0.01, 'quiet-2': 0.01 });

  test.each([
    ['one', { flooding: 10 }],
    ['two', { first: 5, second: 4 }],
    ['three', { first: 3, second: 3, third: 3 }],
  ])('%s: quiet tenants wait for the moving, and a second', (_, floods) => {
    const arrivals = flooded(floods);
    const run = runFlooded({ ...PLACE, arrivals });
    expect(run.longestWaitMs(quiet)).toBeLessThan(arrivals.length / PLACE.movesPerMs + 1_000);
    expect(run.longestWaitMs(quiet)).toBeLessThan(
      runFlooded({ ...PLACE, arrivals, watched: false }).longestWaitMs(quiet) * 0.7,
    );
  });

  test('the slower the work, the more it helps', () => {
    const arrivals = mixed(20_000, { flooding: 10, 'quiet-1': 0.01, 'quiet-2': 0.01 });
    const slow = { ...PLACE, workMs: 50, arrivals };
    const run = runFlooded(slow);
    expect(run.longestWaitMs(quiet)).toBeLessThan(arrivals.length / PLACE.movesPerMs + 1_000);
    expect(runFlooded({ ...slow, watched: false }).longestWaitMs(quiet)).toBeGreaterThan(80_000);
  });
});

// What a flood kept was a fixed number, of which most was being told: slots stood empty, and more had to be moved.
test('meanwhile the flood keeps its slots busy, unless the process has no time to spare', () => {
  const arrivals = mixed(24_000, { flooding: 10, quiet: 0.01 });
  const place = { arrivals, concurrency: 50, workMs: 10, movesPerMs: 2 };
  const [run, busy] = [runFlooded(place), runFlooded({ ...place, busy: true })];
  expect(run.moved).toBeGreaterThan(1_000);
  expect(run.moved).toBeLessThan(arrivals.length / 2);
  expect(busy.moved).toBeGreaterThan(arrivals.length / 2);
  expect(run.tookMs).toBeLessThan((arrivals.length / 5) * 1.1);
});

test('a tenant that its own limit holds back does not hold the others back, large or not', () => {
  const arrivals = mixed(10_000, {
    limited: 3,
    ...Object.fromEntries(tenants(20).map((tenant) => [tenant, 0.35])),
  });
  const given = { ...PLACE, arrivals, caps: { limited: 1 } };
  const [run, unwatched] = [runFlooded(given), runFlooded({ ...given, watched: false })];
  expect(run.moved).toBeLessThanOrEqual(arrivals.filter(({ tenant }) => tenant === 'limited').length);
  expect(run.longestWaitMs(tenants(20))).toBeLessThan(unwatched.longestWaitMs(tenants(20)) * 0.65);
});

test('who is moved stays moved while it is most of what comes, and not because it once was', () => {
  const crowd = {
    waitMs: 5_000,
    heldBack: new Set<string>(),
    moving: new Set(['one']),
    hasOthers: () => true,
  };
  const parts = (one: number): ReadonlyMap<string, number> =>
    new Map([['one', one], ...tenants(10).map((tenant): [string, number] => [tenant, (1 - one) / 10])]);
  expect([...worthMoving({ ...crowd, parts: parts(0.6) })]).toEqual(['one']);
  expect([...worthMoving({ ...crowd, moving: new Set(), parts: parts(0.6) })]).toEqual([]);
  expect([...worthMoving({ ...crowd, parts: parts(0.4) })]).toEqual([]);
  expect([...worthMoving({ ...crowd, waitMs: 400, parts: parts(0.9) })]).toEqual([]);
});
