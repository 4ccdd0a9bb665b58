import { describe, expect, test } from 'vitest';
import { machine, run, writtenMs } from './waiting-machine.ts';

describe('a waiting partition', () => {
  test('runs the front of each key, and the next when that has ended', () => {
    const one = machine();
    one.read(0, 'a1 a2 b1');
    expect(one.did()).toEqual(['claim a1', 'claim b1']);
    one.end(0);
    expect(one.did()).toEqual(['claim a2']);
    expect(one.line.committable).toBe(1);
    one.end(2);
    one.end(1);
    expect([one.line.committable, one.line.size.keys]).toEqual([3, 0]);
  });

  test('drops copies of a record it has', () => {
    const one = machine();
    one.read(0, 'a1 a2 a1 a2 a3');
    one.end(0);
    one.end(1);
    expect(one.did()).toEqual(['claim a1', 'claim a2', 'claim a3']);
    one.end(4);
    expect(one.line.committable).toBe(5);
  });

  test('knows since when its oldest copy waits, also while that is not in memory', () => {
    const one = machine({ maxCopies: 1 });
    expect(one.line.oldestMs).toBeUndefined();
    one.read(0, 'a1');
    one.line.answered(one.at(0), run, 1);
    one.line.failed(one.at(0), 60_000, 1);
    one.read(1, 'b1 b2');
    expect(one.line.size).toEqual({ keys: 2, copies: 1 });
    expect(one.line.oldestMs).toBe(writtenMs(0));
    one.end(1);
    expect(one.line.oldestMs).toBe(writtenMs(0));
    const two = machine();
    two.read(0, 'a1 a2 b1');
    two.end(0);
    expect(two.line.oldestMs).toBe(writtenMs(1));
  });

  // Dropped by its place alone, a copy that came behind a later one was settled unread.
  test('asks the store about a copy that comes late, rather than losing it', () => {
    const one = machine();
    one.read(0, 'a2 a1');
    one.end(0);
    expect(one.did()).toEqual(['claim a2', 'claim a1']);
    expect(one.line.committable).toBe(1);
  });

  test('keeps a failing key at its front by time, while others go on and nothing is written', () => {
    const one = machine();
    one.read(0, 'a1 a2 b1 b2');
    one.line.answered(one.at(0), run, 1);
    one.line.failed(one.at(0), 60_000, 1);
    one.end(2);
    expect(one.did()).toEqual(['claim a1', 'claim b1', 'claim b2']);
    one.end(3);
    one.line.tick(60_000);
    expect(one.did()).toEqual(['claim a1']);
    expect(one.line.committable).toBe(0);
  });

  test('asks for a sleeping key at once when it is woken', () => {
    const one = machine();
    one.read(0, 'a1');
    one.line.answered(one.at(0), run, 1);
    one.line.failed(one.at(0), 60_000, 1);
    one.did();
    one.line.wake('a', 2);
    one.line.wake('b', 2);
    expect(one.did()).toEqual(['claim a1']);
  });

  test('asks again about a front that runs elsewhere, and lets a lost run begin anew', () => {
    const one = machine();
    one.read(0, 'a1 b1');
    one.did();
    one.line.answered(one.at(0), { kind: 'running', untilMs: 90_000, nowMs: 0 }, 1);
    one.line.answered(one.at(1), { kind: 'wait', dueMs: 300, nowMs: 0, attempt: 2 }, 1);
    one.line.tick(301);
    expect(one.did()).toEqual(['claim b1']);
    one.line.lost(one.at(1), 302);
    one.line.tick(501);
    expect(one.did()).toEqual(['claim b1', 'claim a1']);
  });
});

describe('what does not fit into memory', () => {
  test('is read again from where a key left off, when its front has ended', () => {
    const one = machine({ maxCopiesPerKey: 1 });
    one.read(0, 'a1 a2 b1 a3', { nowMs: 1 });
    expect(one.did()).toEqual(['claim a1', 'claim b1']);
    one.end(0, 20);
    expect(one.did()).toEqual(['read from 1 as 1']);
    one.read(4, 'a4', { reading: 0, nowMs: 21 });
    expect(one.did()).toEqual([]);
    one.read(1, 'a2 b1 a3', { reading: 1, nowMs: 22 });
    expect(one.did()).toEqual(['claim a2']);
    expect(one.line.committable).toBe(1);
  });

  // Without winding back, the copies that a sleeping key let go of were taken for repetitions, and settled unread.
  test('a sleeping key lets go of its copies for others, and finds all of them when it is due', () => {
    const one = machine({ maxCopies: 2 });
    one.read(0, 'a1 a2');
    one.line.answered(one.at(0), run, 1);
    one.line.failed(one.at(0), 5_000, 1);
    one.read(2, 'b1', { nowMs: 2 });
    expect(one.did()).toEqual(['claim a1', 'claim b1']);
    expect(one.line.size.copies).toBe(1);
    one.end(2, 3);
    one.line.tick(5_000);
    expect(one.did()).toEqual(['read from 0 as 1']);
    one.read(0, 'a1 a2 b1', { reading: 1, nowMs: 5_001 });
    one.end(0, 5_002);
    expect(one.did()).toEqual(['claim a1', 'claim a2']);
    expect(one.line.committable).toBe(1);
  });

  // A key counted as asleep until its timer, though a copy read just before had its front asked for: another key took
  // the front's room, the end of its run was told of nothing, and the key waited for ever (simulation seed 1005693).
  test('a front that is asked for stays, though it is a copy and not the timer that finds it due', () => {
    const one = machine({ maxCopies: 1 });
    one.read(0, 'a1');
    one.line.answered(one.at(0), run, 1);
    one.line.failed(one.at(0), 5_000, 1);
    expect(one.did()).toEqual(['claim a1']);
    one.read(1, 'a2 b1', { nowMs: 5_001 });
    expect([one.did(), one.line.size.copies]).toEqual([['claim a1'], 1]);
    one.end(0, 5_020);
    expect(one.did()).toEqual(['read from 1 as 1']);
    one.read(1, 'a2 b1', { reading: 1, nowMs: 5_021 });
    expect([one.did(), one.line.committable]).toEqual([['claim a2'], 1]);
  });

  // Room was counted in copies only: the partition was read again every few milliseconds for a front too large for it.
  test('is not read while there is no room for it', () => {
    const one = machine({ maxBytes: 150 });
    one.read(0, 'a1 b1', { nowMs: 1 });
    one.line.tick(20);
    one.line.tick(40);
    expect(one.did()).toEqual(['claim a1']);
    one.end(0, 60);
    expect(one.did()).toEqual(['read from 1 as 1']);
  });

  test('one reading serves several keys, and new copies are not kept waiting for ever', () => {
    const one = machine({ maxCopiesPerKey: 1 });
    one.read(0, 'a1 b1 a2 b2', { nowMs: 1 });
    one.end(0, 20);
    one.end(1, 21);
    expect(one.did()).toEqual(['claim a1', 'claim b1', 'read from 2 as 1']);
    one.line.tick(40);
    expect(one.did()).toEqual([]);
    one.read(2, 'a2 b2 c1', { reading: 1, nowMs: 41 });
    expect(one.did()).toEqual(['claim a2', 'claim b2', 'claim c1']);
  });

  test('a client that goes back by itself brings nothing twice', () => {
    const one = machine();
    one.read(0, 'a1 b1 a2');
    one.end(1);
    one.did();
    expect(one.line.rewound(0)).toBe(1);
    one.read(0, 'a1 b1 a2 a3', { reading: 1 });
    expect(one.did()).toEqual([]);
    one.end(0);
    one.end(2);
    expect(one.did()).toEqual(['claim a2', 'claim a3']);
  });
});

describe('the witness', () => {
  const next = (one: ReturnType<typeof machine>) =>
    one.line.drain().find((action) => action.kind === 'register');

  test('begins where all has ended, and moves when what was read is registered', () => {
    const one = machine();
    expect(next(one)).toMatchObject({ copies: [], after: 0, upTo: 0 });
    one.line.registered('seen');
    one.read(0, 'a1 a2 b7');
    const asked = next(one);
    expect(asked).toMatchObject({ after: 0, upTo: 3 });
    expect(asked?.copies.map(({ sequence, place }) => `${sequence.orderKey}${place}`)).toEqual(['a2', 'b7']);
    one.read(3, 'a3');
    expect(next(one)).toBeUndefined();
    one.line.registered('seen');
    expect(next(one)).toMatchObject({ after: 3, upTo: 4, copies: [{ place: 3 }] });
  });

  test('that is found behind has all that waits registered again, sleeping keys too', () => {
    const one = machine({ maxCopies: 1 });
    one.line.registered('seen');
    one.read(0, 'a1 a2 b7');
    one.line.drain();
    one.line.registered('seen');
    one.line.tick(500);
    expect(next(one)).toMatchObject({ copies: [], after: 3, upTo: 3 });
    one.line.registered('behind');
    const again = next(one);
    expect(again).toMatchObject({ after: 0, upTo: 3 });
    expect(again?.copies.map(({ place }) => place)).toEqual([2, 7]);
  });

  test('registers all that waits anew before the store forgets it', () => {
    const one = machine({ renewEveryMs: 9_000 });
    one.did();
    one.read(0, 'a1');
    one.did();
    one.line.tick(9_000);
    expect(next(one)).toMatchObject({ copies: [{ place: 1 }], after: 1, upTo: 1 });
  });
});
