import { describe, expect, test } from 'vitest';
import { DirectLanes, type DirectSettings } from '../../../../src/core/order/direct-lanes.ts';

interface Item {
  readonly lane: string;
  readonly place: number;
}

const settings: DirectSettings = {
  ...{ holdForMs: 2_000, detachAfterMs: 60_000, patienceMs: 1_000, askAgainMs: 100, rememberMs: 1e9 },
};

const run = { kind: 'run', fence: 1, attempt: 1, starts: 1 } as const;

/** Lanes, items by place, and the actions as words. */
const machine = (over: Partial<DirectSettings> = {}) => {
  const lanes = new DirectLanes<Item>({ ...settings, ...over }, 5);
  const items = new Map<number, Item>();
  return {
    lanes,
    at: (place: number, lane = 'a'): Item => {
      const item = items.get(place) ?? { lane, place };
      items.set(place, item);
      return item;
    },
    arrive(places: readonly number[], lane = 'a', nowMs = 1): void {
      for (const place of places) lanes.arrived(this.at(place, lane), nowMs);
    },
    did: () =>
      lanes.drain().map((action) => {
        const known = 'known' in action ? ` knowing ${action.known}` : '';
        return `${action.kind} ${action.record.place}${known}`;
      }),
  };
};

describe('a lane', () => {
  test('asks for its first record only, and for the next when that is settled', () => {
    const one = machine();
    one.arrive([1, 2]);
    one.arrive([3], 'b');
    expect(one.did()).toEqual(['claim 1', 'claim 3']);
    one.lanes.answered(one.at(1), run, 2);
    expect(one.did()).toEqual([]);
    one.lanes.ended(one.at(1), 3);
    expect(one.did()).toEqual(['settle 1', 'claim 2']);
  });

  test('holds a head that is due soon, and asks when it is', () => {
    const one = machine();
    one.arrive([1, 2]);
    one.did();
    one.lanes.answered(one.at(1), run, 2);
    one.lanes.failed(one.at(1), 1_900, 10);
    expect([one.did(), one.lanes.nextWakeMs]).toEqual([[], 1_900]);
    one.lanes.tick(1_899);
    expect(one.did()).toEqual([]);
    one.lanes.tick(1_900);
    expect(one.did()).toEqual(['claim 1']);
  });

  test('parks a head that is due later, then its followers, each written once it is promised', () => {
    const one = machine();
    one.arrive([1, 2, 3]);
    one.did();
    one.lanes.answered(one.at(1), run, 2);
    one.lanes.failed(one.at(1), 9_000, 10);
    expect(one.did()).toEqual(['park 1']);
    one.lanes.parkAnswered(one.at(1), 'parked', 11);
    expect(one.did()).toEqual(['write 1', 'park 2 knowing 1', 'park 3 knowing 1']);
    one.lanes.parkAnswered(one.at(2), 'parked', 12);
    one.lanes.parkAnswered(one.at(3), 'parked', 12);
    one.lanes.written(one.at(1), 40, 13);
    one.arrive([4], 'a', 13);
    expect(one.did()).toEqual(['write 2', 'write 3', 'settle 1', 'park 4 knowing 3']);
    expect(one.lanes.parkedEnd).toBe(41);
    expect(one.lanes.parkedEndAtStart).toBe(5);
  });

  test('writes none before an earlier one, in whatever order the promises come', () => {
    const one = machine();
    one.arrive([1, 2, 3]);
    one.did();
    one.lanes.answered(one.at(1), { kind: 'park' }, 2);
    one.did();
    one.lanes.parkAnswered(one.at(3), 'parked', 3);
    expect(one.did()).toEqual([]);
    one.lanes.parkAnswered(one.at(2), 'parked', 3);
    expect(one.did()).toEqual(['write 2', 'write 3']);
  });

  test('writes none behind one that could not be promised; that one is asked for again', () => {
    const one = machine();
    one.arrive([1, 2, 3]);
    one.did();
    one.lanes.answered(one.at(1), { kind: 'park' }, 2);
    one.did();
    one.lanes.parkAnswered(one.at(2), 'rebuilding', 3);
    one.lanes.parkAnswered(one.at(3), 'parked', 3);
    expect(one.did()).toEqual(['park 2 knowing 3']);
    one.lanes.parkAnswered(one.at(2), 'rebuilding', 4);
    one.lanes.written(one.at(1), 40, 5);
    expect(one.did()).toEqual(['settle 1', 'claim 2 knowing 3']);
    one.lanes.answered(one.at(2), { kind: 'park' }, 6);
    expect(one.did()).toEqual(['write 2', 'write 3']);
  });

  // Followers were parked because the one before them was: a key that is busy enough never got back.
  test('asks at its turn for a follower before which nothing waits any more', () => {
    const one = machine();
    one.arrive([1, 2]);
    one.did();
    one.lanes.answered(one.at(1), { kind: 'park' }, 2);
    expect(one.lanes.drain().map((action) => ('follows' in action ? action.follows : action.kind))).toEqual([
      ...['write', true],
    ]);
    one.lanes.parkAnswered(one.at(2), 'direct', 3);
    expect(one.did()).toEqual([]);
    one.lanes.written(one.at(1), 40, 4);
    expect(one.did()).toEqual(['settle 1', 'claim 2 knowing 1']);
  });

  // The promise of the third took the second's claim for answered: the second was never heard of again.
  test('a follower that had ended is asked for while others behind it are promised', () => {
    const one = machine();
    one.arrive([1, 2, 3]);
    one.did();
    one.lanes.answered(one.at(1), { kind: 'park' }, 2);
    one.lanes.written(one.at(1), 40, 3);
    one.did();
    one.lanes.parkAnswered(one.at(2), 'ended', 4);
    one.lanes.parkAnswered(one.at(3), 'parked', 4);
    expect(one.did()).toEqual(['claim 2 knowing 1', 'write 3']);
    one.lanes.answered(one.at(2), { kind: 'park' }, 5);
    expect(one.did()).toEqual(['write 2']);
  });
});

describe('a head that keeps others waiting', () => {
  test('leaves its copy after detachAfter, is settled, and runs on', () => {
    const one = machine();
    one.arrive([1, 2]);
    one.did();
    one.lanes.answered(one.at(1), run, 2);
    expect(one.lanes.nextWakeMs).toBe(60_002);
    one.lanes.tick(60_002);
    expect(one.did()).toEqual(['park 1']);
    one.lanes.parkAnswered(one.at(1), 'parked', 60_003);
    expect(one.did()).toEqual(['write 1', 'park 2 knowing 1']);
    one.lanes.written(one.at(1), 7, 60_004);
    expect(one.did()).toEqual(['settle 1']);
    one.lanes.failed(one.at(1), 70_000, 60_005);
    one.lanes.ended(one.at(1), 60_005);
    expect(one.did()).toEqual([]);
  });

  test('is settled once when it ends while its copy is under way', () => {
    const one = machine();
    one.arrive([1, 2]);
    one.did();
    one.lanes.answered(one.at(1), run, 2);
    one.lanes.tick(60_002);
    one.lanes.ended(one.at(1), 60_003);
    expect(one.did()).toEqual(['park 1']);
    one.lanes.parkAnswered(one.at(1), 'parked', 60_004);
    expect(one.did()).toEqual(['settle 1', 'claim 2']);
  });

  // Promised while the head's promise was in question, a follower was left unwritten once the head had ended.
  test('keeps no promised follower waiting after its own end', () => {
    const one = machine();
    one.arrive([1, 2, 3]);
    one.did();
    one.lanes.answered(one.at(1), { kind: 'park' }, 2);
    one.did();
    one.lanes.parkAnswered(one.at(3), 'parked', 3);
    one.lanes.parkAnswered(one.at(2), 'ended', 3);
    expect(one.did()).toEqual(['write 3']);
  });

  test('asks for nothing behind it before it is promised itself', () => {
    const one = machine();
    one.arrive([1]);
    one.did();
    one.lanes.answered(one.at(1), run, 2);
    one.lanes.tick(60_002);
    one.arrive([2]);
    expect(one.did()).toEqual(['park 1']);
  });

  test('leaves when the window is full: at once while it waits, after patience while it runs', () => {
    const one = machine();
    one.arrive([1, 2]);
    one.arrive([3, 4], 'b');
    one.arrive([5], 'c');
    one.did();
    for (const place of [1, 3, 5]) one.lanes.answered(one.at(place), run, 2);
    one.lanes.failed(one.at(1), 1_500, 10);
    one.lanes.windowFull(20);
    expect(one.did()).toEqual(['park 1']);
    one.lanes.windowFull(1_002);
    expect(one.did()).toEqual(['park 3']);
  });

  test('a lane moved aside leaves with all that follows, also when it is asked for just then', () => {
    const one = machine();
    one.arrive([1, 2]);
    one.lanes.moveAside('a');
    expect(one.did()).toEqual(['claim 1']);
    one.lanes.answered(one.at(1), run, 2);
    expect(one.did()).toEqual(['park 1']);
  });
});

describe('what a worker parked', () => {
  test('goes with each claim of the key until the store answers as if it had passed', () => {
    const one = machine();
    one.arrive([1]);
    one.lanes.answered(one.at(1), { kind: 'park' }, 2);
    one.lanes.written(one.at(1), 8, 3);
    one.arrive([2]);
    expect(one.did()).toContain('claim 2 knowing 1');
    one.lanes.answered(one.at(2), run, 4);
    one.lanes.ended(one.at(2), 5);
    one.arrive([3]);
    expect(one.did()).toContain('claim 3');
  });

  test('is forgotten after a time that is shorter than the store keeps it', () => {
    const one = machine({ rememberMs: 500 });
    one.arrive([1]);
    one.lanes.answered(one.at(1), { kind: 'park' }, 2);
    one.lanes.written(one.at(1), 8, 3);
    one.lanes.tick(503);
    one.arrive([2]);
    expect(one.did()).toContain('claim 2');
  });
});

test.each([
  ['rebuilding', { kind: 'rebuilding' }, 110],
  ['running elsewhere', { kind: 'running', untilMs: 900_000, nowMs: 0 }, 510],
  ['due a little later', { kind: 'wait', dueMs: 700, nowMs: 200, attempt: 2 }, 510],
] as const)(
  'a record that is %s is asked for again after a pause, and nothing is spent',
  (_, answer, atMs) => {
    const one = machine();
    one.arrive([1]);
    one.did();
    one.lanes.answered(one.at(1), answer, 10);
    expect([one.did(), one.lanes.nextWakeMs]).toEqual([[], atMs]);
    one.lanes.tick(atMs);
    expect(one.did()).toEqual(['claim 1']);
  },
);

test('a run that came to nothing is asked for again', () => {
  const one = machine();
  one.arrive([1]);
  one.did();
  one.lanes.answered(one.at(1), run, 10);
  one.lanes.lost(one.at(1), 20);
  one.lanes.tick(120);
  expect(one.did()).toEqual(['claim 1']);
});
