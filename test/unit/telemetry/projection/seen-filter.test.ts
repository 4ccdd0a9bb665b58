import { expect, test } from 'vitest';
import { SeenFilter } from '../../../../src/telemetry/projection/seen-filter.ts';

/** Four words that look random, as those of an identifier do. */
const idOf = (index: number): Uint32Array => {
  const words = new Uint32Array(4);
  for (let word = 0; word < 4; word++) {
    let mixed = Math.imul(index * 4 + word + 1, 0x9e3779b1);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
    words[word] = mixed ^ (mixed >>> 13);
  }
  return words;
};

const SMALL = { partIds: 1_000, partBits: 24 * 1_024, mostParts: 4 };

test('what was added is always known, in the commit it was added in, also when the parts are full', () => {
  const filter = new SeenFilter(SMALL);
  const COUNT = 12_000;
  for (let index = 0; index < COUNT; index++) filter.add(idOf(index), 0, Math.floor(index / 100));
  const lost = Array.from({ length: COUNT }, (_, index) => index).filter((index) => {
    const where = filter.add(idOf(index), 0, 120);
    const batch = Math.floor(index / 100);
    return where === undefined || where.from > batch || where.to < batch;
  });
  expect(lost).toEqual([]);
  expect(filter.bytes).toBe((4 * SMALL.partBits) / 8);
});

test('of what is new hardly any is taken for a possible repeat', () => {
  const filter = new SeenFilter(SMALL);
  let suspects = 0;
  for (let index = 0; index < 4_000; index++) if (filter.add(idOf(index), 0, 0) !== undefined) suspects += 1;
  expect(suspects).toBeLessThan(8);
});

test('siblings, which differ in the last byte only, are told apart', () => {
  const filter = new SeenFilter();
  const suspects = Array.from({ length: 20_000 }, (_, index) => {
    const words = idOf(index >> 2);
    words[0] = ((words[0] ?? 0) ^ (index & 3)) >>> 0;
    return filter.add(words, 0, 0);
  }).filter((where) => where !== undefined);
  expect(suspects.length).toBeLessThan(5);
});

test('a part whose rows are gone is forgotten', () => {
  const filter = new SeenFilter(SMALL);
  for (let index = 0; index < 3_000; index++) filter.add(idOf(index), 0, Math.floor(index / 1_000));
  filter.forgetBelow(2);
  expect(filter.bytes).toBe(SMALL.partBits / 8);
  expect(filter.add(idOf(5), 0, 9)).toBeUndefined();
  expect(filter.add(idOf(2_500), 0, 9)).toEqual({ from: 2, to: 2 });
});
