import { expect, test } from 'vitest';
import { packOffsetRange, packOffsets, unpackOffsets } from '../../../../src/runtime/replay/offset-runs.ts';

test('offsets come back as they were', () => {
  for (const offsets of [
    [],
    [0n],
    [0n, 1n, 2n],
    [5n, 6n, 9n, 1_000_000n],
    [9_007_199_254_740_993n, 9_007_199_254_740_995n],
  ])
    expect(unpackOffsets(packOffsets(offsets))).toEqual(offsets);
});

test('five thousand offsets are short, in a row and scattered', () => {
  const inARow = Array.from({ length: 5_000 }, (_, index) => BigInt(index) + 1_000_000n);
  expect(packOffsets(inARow)).toHaveLength('f4240~1388'.length);
  const scattered = Array.from({ length: 5_000 }, (_, index) => BigInt(index * 37 + (index % 7)));
  expect(packOffsets(scattered).length).toBeLessThan(16_000);
  expect(unpackOffsets(packOffsets(scattered))).toEqual(scattered);
});

test('a part of them is read without the rest, also out of a run of millions', () => {
  const offsets = [5n, 6n, 7n, 20n, 30n, 31n];
  const text = packOffsets(offsets);
  for (let from = 0; from <= offsets.length; from += 1)
    for (let to = from; to <= offsets.length + 1; to += 1)
      expect(unpackOffsets(text, from, to)).toEqual(offsets.slice(from, to));
  const many = packOffsetRange(1_000n, 2_000_000_000);
  expect(unpackOffsets(many, 1_999_999_998)).toEqual([2_000_000_998n, 2_000_000_999n]);
  expect(unpackOffsets(many, 7, 8)).toEqual([1_007n]);
  expect(packOffsetRange(5n, 1)).toBe(packOffsets([5n]));
});
