import { describe, expect, test } from 'vitest';
import { askedSeed, expectUnbroken, firstBroken } from './broken.ts';
import type { Rule } from './plan.ts';

// The machines of src/core/order and the rules of the memory store, driven through random histories in virtual time:
// handlers that fail, hang and kill their process, crashes and freezes after every step, zombies, rebalances with two
// owners at once, repeated events, repeated calls. What is checked is in violations.ts. ORDER_SEED plays one again.
const asked = askedSeed();
const SLICES = [0, 1, 2, 3];
const SLICE = 300;

const promises = (): void => {
  test.each(SLICES)(
    'keeps its promises in 300 random histories (slice %i)',
    (slice) => {
      expectUnbroken(slice * SLICE + 1, (slice + 1) * SLICE, { losses: false });
    },
    60_000,
  );

  test.each(SLICES)(
    'keeps order and loses nothing when the store loses data (slice %i)',
    (slice) => {
      expectUnbroken(slice * SLICE + 1, (slice + 1) * SLICE, { losses: true });
    },
    60_000,
  );

  test('writes a parked record once when nothing goes wrong', () => {
    expectUnbroken(20_001, 20_300, { losses: false, faults: false });
  }, 60_000);
};

const missedRules = (): void => {
  const find = (rule: Rule, losses: boolean): string => {
    const broken = firstBroken(1, 3_000, { losses, without: [rule] });
    return broken?.violations.join('; ') ?? 'nothing was found';
  };

  test('local FIFO: a record asks while one before it is being written, and gets ahead of it', () => {
    expect(find('fifo', false)).toMatch(/completed late/);
  }, 60_000);

  test('heads first: followers written before their head are taken for heads', () => {
    expect(find('head-first', false)).toMatch(/completed late/);
  }, 60_000);

  test('a skip moves its sequence: a repeated event as the last parked one diverts its key for ever', () => {
    expect(find('skip-passes', false)).toMatch(/probe .* on the waiting way/);
  }, 60_000);

  test('a worker knows what it parked: after lost writes the next record runs directly', () => {
    expect(find('known', true)).toMatch(/completed late/);
  }, 60_000);

  test('the witness: after a loss and a change of owner a record overtakes those that wait', () => {
    expect(find('witness', true)).toMatch(/completed late/);
  }, 60_000);

  test('what is read is registered: an empty store knows of nothing that waits', () => {
    expect(find('register', true)).toMatch(/completed late/);
  }, 60_000);
};

if (asked === undefined) {
  describe('the order machine', promises);
  describe('a rule switched off is missed', missedRules);
} else {
  test(`history ${asked.seed} keeps its promises`, () => expectUnbroken(asked.seed, asked.seed, asked));
}
