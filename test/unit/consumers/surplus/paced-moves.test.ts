import { expect, test } from 'vitest';
import { Entry } from '../../../../src/consumers/entry.ts';
import { PartitionHome } from '../../../../src/consumers/partition-home.ts';
import { PacedMoves } from '../../../../src/consumers/surplus/paced-moves.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { deliveryOf, recordAt } from './flooded-partition.ts';

const WINDOW = { records: 1_000, bytes: 1_000_000_000 };
const PORTION = 64;

const entriesOf = (count: number) => {
  const home = new PartitionHome({ topic: 'events', partition: 0 }, 0n, 1, WINDOW);
  return Array.from({ length: count }, (_, offset) => new Entry(deliveryOf('acme', recordAt(offset)), home));
};

/** `tookMs`: of each move. */
const pacedMoves = ({ tookMs = 0 } = {}) => {
  const clock = manualClock(0);
  let workedMs = 0;
  const moved: Entry[] = [];
  const state = { isChoked: false, isBusy: false };
  const moves = new PacedMoves({
    clock: { ...clock, nowMs: () => clock.nowMs() + workedMs },
    move: (entry) => {
      moved.push(entry);
      workedMs += tookMs;
    },
    isChoked: () => state.isChoked,
    isBusy: () => state.isBusy,
  });
  const addAll = (entries: readonly Entry[]): void => {
    for (const entry of entries) moves.add(entry);
  };
  return { clock, moved, moves, state, addAll };
};

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

// Hundreds were moved in one turn of the event loop, and quiet tenants of all partitions waited for it.
test('what comes at once is moved in portions, in its order', () => {
  const { clock, moved, addAll } = pacedMoves();
  const entries = entriesOf(200);
  addAll(entries);
  expect(moved).toEqual([]);
  const portions: number[] = [];
  while (moved.length < entries.length) {
    const before = moved.length;
    clock.advance(10);
    portions.push(moved.length - before);
  }
  expect(portions).toEqual([PORTION, PORTION, PORTION, 8]);
  expect(moved).toEqual(entries);
  expect(clock.nextInMs()).toBeUndefined();
});

test('a portion ends when it has taken two ms, however few were moved', () => {
  const { clock, moved, addAll } = pacedMoves({ tookMs: 0.5 });
  addAll(entriesOf(10));
  clock.advance(10);
  expect(moved).toHaveLength(4);
  clock.advance(10);
  expect(moved).toHaveLength(8);
});

test('no more than a portion is gathered, and the next one not in the turn that moves the last', async () => {
  const { clock, moves, addAll } = pacedMoves();
  addAll(entriesOf(PORTION - 1));
  expect(moves.room).toBeUndefined();
  addAll(entriesOf(1));
  let hasRoom = false;
  void moves.room?.then(() => {
    hasRoom = true;
  });
  clock.advance(10);
  await Promise.resolve();
  expect([hasRoom, moves.room]).toEqual([false, undefined]);
  await nextTurn();
  expect(hasRoom).toBe(true);
});

// While a flood begins everybody waits for the process: moving had its part in that, and time enough afterwards.
test('without time to spare, every second portion is moved', () => {
  const { clock, moved, state, addAll } = pacedMoves();
  addAll(entriesOf(PORTION + 1));
  state.isBusy = true;
  const until: number[] = [];
  for (let tick = 0; tick < 5; tick += 1) {
    clock.advance(10);
    until.push(moved.length);
  }
  expect(until).toEqual([0, PORTION, PORTION, PORTION + 1, PORTION + 1]);
});

test('while too many are on their way, nothing is moved', () => {
  const { clock, moved, state, addAll } = pacedMoves();
  addAll(entriesOf(2));
  state.isChoked = true;
  clock.advance(100);
  expect(moved).toHaveLength(0);
  state.isChoked = false;
  clock.advance(10);
  expect(moved).toHaveLength(2);
});

test('what belongs to a partition that was lost meanwhile is not moved', () => {
  const { clock, moved, addAll } = pacedMoves();
  const [lost, ...others] = entriesOf(3);
  const kept = entriesOf(1);
  addAll([...(lost === undefined ? [] : [lost]), ...others, ...kept]);
  lost?.home.lose();
  clock.advance(10);
  expect(moved).toEqual(kept);
  expect(clock.nextInMs()).toBeUndefined();
});
