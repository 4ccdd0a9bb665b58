import { expect, test } from 'vitest';
import { HeldReplay, type HeldReplayStep } from '../../../../src/core/order/held-replay.ts';
import type { ReplayPlanState } from '../../../../src/core/ports/order-state.ts';

/** A replay, what it wants next, and a held sequence as the store tells of it. */
const replayOf = ({ mayMiss = false } = {}) => {
  let plans = 0;
  const replay = new HeldReplay({ by: 'mine', mayMiss, freshPlan: () => ++plans });
  const step = (): HeldReplayStep => replay.step;
  const held = (state?: Partial<ReplayPlanState>) => ({
    ...{ diverted: false, held: 2 },
    ...(state === undefined
      ? {}
      : { replay: { plan: 9, by: 'mine', state: 'prepared' as const, done: 0, count: 0, ...state } }),
  });
  /** Up to the first time that it wants to begin, with two letters. */
  const toBegin = (): void => {
    replay.inspected(held());
    replay.prepared({ kind: 'prepared', dead: 2 });
    replay.found(2);
    replay.written();
    replay.written();
  };
  return { replay, step, held, toBegin };
};

test('it looks, prepares, finds the letters, writes each in its turn, and begins', () => {
  const { replay, step, held } = replayOf();
  expect(step()).toEqual({ kind: 'inspect' });
  replay.inspected(held());
  expect(step()).toEqual({ kind: 'prepare', plan: 1 });
  replay.prepared({ kind: 'prepared', dead: 2 });
  expect(step()).toEqual({ kind: 'find', dead: 2 });
  replay.found(2);
  expect(step()).toEqual({ kind: 'write', turn: { plan: 1, index: 1 } });
  replay.written();
  expect(step()).toEqual({ kind: 'write', turn: { plan: 1, index: 2 } });
  replay.written();
  expect(step()).toEqual({ kind: 'begin', plan: 1, dead: 2, count: 2 });
  replay.begun({ kind: 'begun' });
  expect(step()).toEqual({ kind: 'over', outcome: { kind: 'begun', plan: 1, count: 2 } });
});

test('what died meanwhile is written behind the rest, and it asks to begin again', () => {
  const { replay, step, toBegin } = replayOf();
  toBegin();
  replay.begun({ kind: 'stale', dead: 3 });
  expect(step()).toEqual({ kind: 'find', dead: 3 });
  replay.found(3);
  expect(step()).toEqual({ kind: 'write', turn: { plan: 1, index: 3 } });
  replay.written();
  expect(step()).toEqual({ kind: 'begin', plan: 1, dead: 3, count: 3 });
});

test('while something of the key is under way it waits, until it is told to give up: then the plan is cancelled', () => {
  const { replay, step, toBegin } = replayOf();
  toBegin();
  replay.begun({ kind: 'busy' });
  expect(step()).toEqual({ kind: 'wait' });
  replay.waited();
  expect(step()).toMatchObject({ kind: 'begin' });
  replay.begun({ kind: 'busy' });
  replay.stop();
  expect(step()).toEqual({ kind: 'cancel', plan: 1 });
  replay.cancelled('cancelled');
  expect(step()).toEqual({ kind: 'over', outcome: { kind: 'busy' } });
});

test('taken up again before it had begun, it cancels what was written and writes all under a fresh plan', () => {
  const { replay, step, held } = replayOf();
  replay.inspected(held({ state: 'prepared' }));
  expect(step()).toEqual({ kind: 'cancel', plan: 9 });
  replay.cancelled('cancelled');
  expect(step()).toEqual({ kind: 'prepare', plan: 1 });
});

test.each([
  ['begun', { kind: 'begun', plan: 9, count: 2 }],
  ['ended', { kind: 'ended', plan: 9, count: 2, done: 1 }],
] as const)('taken up again when it has %s, nothing is written', (state, outcome) => {
  const { replay, step, held } = replayOf();
  replay.inspected(held({ state, count: 2, done: state === 'ended' ? 1 : 0 }));
  expect(step()).toEqual({ kind: 'over', outcome });
});

test('another replay that is open is left alone, one that has ended is not in the way', () => {
  const open = replayOf();
  open.replay.inspected(open.held({ by: 'another' }));
  expect(open.step()).toEqual({ kind: 'over', outcome: { kind: 'taken' } });
  const ended = replayOf();
  ended.replay.inspected(ended.held({ by: 'another', state: 'ended' }));
  expect(ended.step()).toMatchObject({ kind: 'prepare' });
});

test('a key that is not held has no replay', () => {
  const { replay, step } = replayOf();
  replay.inspected({ diverted: false });
  expect(step()).toEqual({ kind: 'over', outcome: { kind: 'not_held' } });
});

test('missing letters end it, unless some may be missing; without any there is nothing to begin', () => {
  const strict = replayOf();
  strict.replay.inspected(strict.held());
  strict.replay.prepared({ kind: 'prepared', dead: 2 });
  strict.replay.found(1);
  expect(strict.step()).toEqual({ kind: 'cancel', plan: 1 });
  strict.replay.cancelled('cancelled');
  expect(strict.step()).toMatchObject({ outcome: { kind: 'incomplete', dead: 2, found: 1 } });

  const lenient = replayOf({ mayMiss: true });
  lenient.replay.inspected(lenient.held());
  lenient.replay.prepared({ kind: 'prepared', dead: 2 });
  lenient.replay.found(1);
  expect(lenient.step()).toMatchObject({ kind: 'write' });

  const empty = replayOf({ mayMiss: true });
  empty.replay.inspected(empty.held());
  empty.replay.prepared({ kind: 'prepared', dead: 2 });
  empty.replay.found(0);
  expect(empty.step()).toMatchObject({ kind: 'cancel' });
});

test('a plan that the store has lost is made anew, one that somebody cancelled is not', () => {
  const lost = replayOf();
  lost.toBegin();
  lost.replay.begun({ kind: 'gone' });
  expect(lost.step()).toEqual({ kind: 'inspect' });
  lost.replay.inspected(lost.held());
  expect(lost.step()).toEqual({ kind: 'prepare', plan: 2 });

  const cancelled = replayOf();
  cancelled.toBegin();
  cancelled.replay.begun({ kind: 'gone' });
  cancelled.replay.inspected(cancelled.held({ plan: 1, state: 'ended' }));
  expect(cancelled.step()).toEqual({ kind: 'over', outcome: { kind: 'cancelled' } });
});
