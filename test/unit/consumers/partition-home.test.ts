import { expect, test } from 'vitest';
import { PartitionHome } from '../../../src/consumers/partition-home.ts';

const recordAt = (offset: number) => ({
  ...{ topic: 'events', partition: 0, offset: BigInt(offset), timestampMs: 0 },
  ...{ key: null, value: null, headers: [] },
});

const homeWith = (records: number): PartitionHome => {
  const home = new PartitionHome({ topic: 'events', partition: 0 }, 0n, 1, { records: 10, bytes: 1_000_000 });
  for (let offset = 0; offset < records; offset += 1) home.admit(recordAt(offset));
  return home;
};

// The window was the span of offsets: one job that ran long stopped the moving of everything behind it.
test('what was moved elsewhere does not fill the window, also while one before it still runs', () => {
  const home = homeWith(10);
  expect([home.held, home.windowFull]).toEqual([10, true]);
  for (let offset = 1; offset < 10; offset += 1) home.moved(BigInt(offset));
  expect([home.held, home.windowFull, home.hasRoom]).toEqual([1, false, true]);
  for (let offset = 1; offset < 10; offset += 1) home.settle(BigInt(offset));
  expect([home.held, home.watermark.value]).toEqual([1, 0n]);
  home.settle(0n);
  expect([home.held, home.watermark.value]).toEqual([0, 10n]);
});

test('however much was moved, offsets run ahead of the watermark for 64 windows at most', () => {
  const home = homeWith(640);
  for (let unread = home.nextIncoming(); unread !== undefined; ) unread = home.nextIncoming();
  for (let offset = 1; offset < 640; offset += 1) home.moved(BigInt(offset));
  expect([home.held, home.windowFull, home.hasRoom]).toEqual([1, true, false]);
  home.settle(0n);
  for (let offset = 1; offset < 640; offset += 1) home.settle(BigInt(offset));
  expect([home.held, home.windowFull, home.hasRoom]).toEqual([0, false, true]);
});

test('what lies behind is what the last fetch said, without what was taken in', () => {
  const home = homeWith(4);
  expect(home.beyond).toBe(0);
  home.end = 9n;
  expect(home.beyond).toBe(5);
});

// Each fetch brought a few copies of each partition of the surplus, some hundred times a second, only to be held.
test('of what gives way to moving, little is fetched ahead', () => {
  const window = { records: 1_000, bytes: 1_000_000 };
  const home = new PartitionHome({ topic: 'events', partition: 0 }, 0n, 1, window);
  for (let offset = 0; offset < 64; offset += 1) home.admit(recordAt(offset));
  expect(home.isFull).toBe(false);
  home.watch = { hurries: false, yields: true, close: () => undefined };
  expect([home.isFull, home.hasRoom]).toEqual([true, false]);
  for (let taken = 0; taken < 33; taken += 1) home.nextIncoming();
  expect([home.isFull, home.hasRoom]).toEqual([false, true]);
});
