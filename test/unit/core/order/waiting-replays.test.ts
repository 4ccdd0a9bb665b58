import { describe, expect, test } from 'vitest';
import { placeOfTurn } from '../../../../src/core/order/replay-turn.ts';
import type { WaitingCopy } from '../../../../src/core/order/waiting-key.ts';
import type { WaitingLine } from '../../../../src/core/order/waiting-line.ts';
import { machine, run } from './waiting-machine.ts';

describe('replays of a held key', () => {
  /** A replay of the key `a`, at an offset. */
  const replayAt = (offset: number, index: number, plan = 7): WaitingCopy => ({
    ...{ offset, place: placeOfTurn({ plan, index }), bytes: 100 },
    ...{ name: `a#${plan}`, replayOf: 'a' },
    sequence: { jobType: 'job', tenant: 'acme', partition: 'events/0', orderKey: 'a' },
  });

  /** The claims that are to be made: name, and whether no replay stands before it. */
  const claimsOf = (line: WaitingLine<WaitingCopy>): unknown[] =>
    line
      .drain()
      .flatMap((action) =>
        action.kind === 'claim' ? [[action.copy.name, action.copy.offset, action.replaysOver]] : [],
      );

  test('are a line of their own: their key goes on beside them, and says whether they stand before it', () => {
    const { line, read } = machine();
    line.read([replayAt(0, 1), replayAt(1, 2)], 0, 0);
    read(2, 'a9');
    expect(claimsOf(line)).toEqual([
      ['a#7', 0, true],
      ['a', 2, false],
    ]);
  });

  test('wake their key with each end: what waited behind them is asked for at once', () => {
    const { line, at, read } = machine();
    const first = replayAt(0, 1);
    line.read([first], 0, 0);
    read(1, 'a9');
    claimsOf(line);
    line.answered(at(1), { kind: 'behind' }, 1);
    line.answered(first, run, 1);
    expect(claimsOf(line)).toEqual([]);
    line.ended(first, 2);
    expect(claimsOf(line)).toEqual([['a', 1, true]]);
  });

  test('are asked for again when they are behind, and keep the committed offset where they stand', () => {
    const { line } = machine();
    const first = replayAt(0, 1);
    line.read([first], 0, 0);
    claimsOf(line);
    line.answered(first, { kind: 'behind' }, 1);
    expect(line.committable).toBe(0);
    line.tick(600);
    expect(claimsOf(line)).toEqual([['a#7', 0, true]]);
  });

  // The story: a plan that had not begun held the only place in memory, so what was still to die before it never could.
  test('that are behind give their memory to those they wait for', () => {
    const { line, read } = machine({ maxCopies: 1 });
    const first = replayAt(0, 1);
    line.read([first], 0, 0);
    claimsOf(line);
    line.answered(first, { kind: 'behind' }, 1);
    read(1, 'a9', { nowMs: 2 });
    expect(claimsOf(line)).toEqual([['a', 1, false]]);
  });
});
