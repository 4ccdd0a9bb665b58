import { expect, test } from 'vitest';
import { EffectCounter } from '../../../bench/contestants/effects.ts';
import { BenchFailure, mustBeExact } from '../../../bench/harness/check-effects.ts';

const none = { missing: 0, repeated: 0, disordered: 0 };

test('each piece of work once is exact', () => {
  const effects = new EffectCounter(3, false);
  for (const index of [2, 0, 1]) effects.add(index, 'key');
  expect(effects.report(3)).toEqual({ total: 3, ...none });
  expect(() => mustBeExact(effects.report(3), 'run')).not.toThrow();
});

test('a repeated effect does not stand in for a missing one', () => {
  // A first sketch claimed twice its speed: it was skipping the ids of an earlier run, and only the total was looked at.
  const effects = new EffectCounter(2, false);
  effects.add(0, 'key');
  effects.add(0, 'key');
  expect(effects.report(2)).toEqual({ ...none, total: 2, missing: 1, repeated: 1 });
  expect(() => mustBeExact(effects.report(2), 'run')).toThrow(BenchFailure);
});

test('an effect behind a later one of its key is out of order; another key does not matter', () => {
  const effects = new EffectCounter(3, true);
  effects.add(1, 'a');
  effects.add(0, 'b');
  effects.add(2, 'b');
  expect(effects.report(3).disordered).toBe(0);
  const broken = new EffectCounter(2, true);
  broken.add(1, 'a');
  broken.add(0, 'a');
  expect(broken.report(2).disordered).toBe(1);
});

test('calls back at a count, once, all who asked', () => {
  const effects = new EffectCounter(3, false);
  const called: string[] = [];
  effects.whenReached(2, () => called.push('first'));
  effects.whenReached(2, () => called.push('second'));
  for (const index of [0, 0, 1, 2]) effects.add(index, 'key');
  effects.whenReached(1, () => called.push('late'));
  expect(called).toEqual(['first', 'second', 'late']);
});
