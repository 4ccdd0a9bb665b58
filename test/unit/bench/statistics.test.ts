import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { measuredOf, median, quantile, ratioOf, summarizeWaits } from '../../../bench/statistics.ts';

describe('statistics', () => {
  test('a median is the middle value, or the mean of the two middle ones', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 2, 9])).toBe(3);
  });

  test('a quantile is one of the values, and so many of them lie at or below it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const found = quantile(values, share);
          expect(values).toContain(found);
          expect(values.filter((value) => value <= found).length).toBeGreaterThanOrEqual(
            Math.floor(share * values.length),
          );
        },
      ),
    );
  });

  test('the 99th of a hundred values is the last but one', () => {
    expect(
      quantile(
        Array.from({ length: 100 }, (_, number) => number + 1),
        0.99,
      ),
    ).toBe(99);
  });

  test('nothing has no median and no quantile', () => {
    expect(() => median([])).toThrow(RangeError);
    expect(() => quantile([], 0.5)).toThrow(RangeError);
    expect(summarizeWaits([])).toBeUndefined();
  });

  test('a ratio is the median of the ratios of each round, not the ratio of medians', () => {
    // A slow second round: both sides are halved, and the ratio of that round is the same.
    expect(ratioOf([100, 50, 90], [10, 5, 9])).toEqual({ value: 10, n: 3, least: 10, most: 10 });
  });

  test('a ratio of unequal numbers of runs is refused', () => {
    expect(() => ratioOf([1, 2], [1])).toThrow(RangeError);
  });

  test('a measured value says how far its runs lie apart', () => {
    expect(measuredOf([3, 1, 2])).toEqual({ value: 2, n: 3, least: 1, most: 3 });
  });
});
