import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatTurn,
  MOST_PLANS,
  MOST_TURNS,
  parseTurn,
  placeOfTurn,
  turnOfPlace,
} from '../../../../src/core/order/replay-turn.ts';

const turns = fc.record({
  plan: fc.integer({ min: 1, max: MOST_PLANS - 1 }),
  index: fc.integer({ min: 1, max: MOST_TURNS - 1 }),
});

test('a turn is the same turn after it was a place or a header', () => {
  fc.assert(
    fc.property(turns, (turn) => {
      expect(turnOfPlace(placeOfTurn(turn))).toEqual(turn);
      expect(parseTurn(formatTurn(turn))).toEqual(turn);
    }),
  );
});

test('the place of a turn is an exact number, below that of any record, and of no other turn', () => {
  const last = placeOfTurn({ plan: MOST_PLANS - 1, index: MOST_TURNS - 1 });
  expect(Number.isSafeInteger(last)).toBe(true);
  expect(placeOfTurn({ plan: 1, index: 1 })).toBeLessThan(-1);
  expect(placeOfTurn({ plan: 1, index: MOST_TURNS - 1 })).toBeGreaterThan(placeOfTurn({ plan: 2, index: 1 }));
});

test.each([-1, 0, 7, 2 ** 40])('%d is the place of a record, not of a turn', (place) => {
  expect(turnOfPlace(place)).toBeUndefined();
});

test.each(['', '1', '0/1', '1/0', '1/1/1', 'x/1', '1/1000000', `${MOST_PLANS}/1`, '01/1', '-1/1'])(
  'the header %j is no turn',
  (header) => {
    expect(parseTurn(header)).toBeUndefined();
  },
);
