import { expect, test } from 'vitest';
import { lifetimeMs, wholeMs } from '../../../src/state/durations.ts';

test.each([
  [0, 0],
  [-5, 0],
  [Number.NaN, 0],
  [0.2, 1],
  [1500.5, 1501],
  [Number.POSITIVE_INFINITY, 315_360_000_000],
])('a duration of %d is %d whole milliseconds', (ms, whole) => {
  expect(wholeMs(ms)).toBe(whole);
});

test('a lifetime is never nothing, since a store would refuse it', () => {
  expect([lifetimeMs(0), lifetimeMs(-1), lifetimeMs(7)]).toEqual([1, 1, 7]);
});
