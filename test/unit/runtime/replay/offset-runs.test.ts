import { expect, test } from 'vitest';
import { packOffsets, unpackOffsets } from '../../../../src/runtime/replay/offset-runs.ts';

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
