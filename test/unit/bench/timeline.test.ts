import { expect, test } from 'vitest';
import { mergeTimelines, rateBetween } from '../../../bench/timeline.ts';

test('a rate is measured between the moments of two counts', () => {
  const line = [
    [0, 0],
    [1_000, 100],
    [3_000, 500],
  ] as const;
  expect(rateBetween(line, 100, 500)).toBe(200);
  expect(rateBetween(line, 300, 500)).toBe(200);
});

test('the timelines of two processes are added up, also where their moments differ', () => {
  const merged = mergeTimelines([
    [
      [0, 0],
      [1_000, 100],
    ],
    [
      [500, 0],
      [1_500, 100],
    ],
  ]);
  expect(merged).toEqual([
    [0, 0],
    [500, 50],
    [1_000, 150],
    [1_500, 200],
  ]);
});

test('a count that was never reached has no rate', () => {
  expect(() => rateBetween([[0, 0]], 0, 10)).toThrow(RangeError);
});
