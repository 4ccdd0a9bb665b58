import { expect, test } from 'vitest';
import { busyTicksOf, foreignCores, processTicksOf } from '../../../bench/harness/machine-load.ts';

test('a processor that waits or idles is not busy; one that was taken away is', () => {
  expect(busyTicksOf('cpu  100 1 20 5000 300 2 3 40 0 0\ncpu0 ...')).toBe(100 + 1 + 20 + 2 + 3 + 40);
});

test('a process is read behind its name, which may hold spaces and brackets', () => {
  const stat = '42 (a b) c) S 1 1 1 0 -1 0 0 0 0 0 70 30 5 6 20 0';
  expect(processTicksOf(stat, false)).toBe(100);
  expect(processTicksOf(stat, true)).toBe(111);
});

test('what others used is what is left of the busy time', () => {
  const from = { atMs: 0, busyTicks: 1_000, ownTicks: 500 };
  expect(foreignCores(from, { atMs: 2_000, busyTicks: 1_300, ownTicks: 700 })).toBe(0.5);
  expect(foreignCores(from, { atMs: 2_000, busyTicks: 1_100, ownTicks: 700 })).toBe(0);
});
