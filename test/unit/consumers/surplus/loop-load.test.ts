import { expect, test } from 'vitest';
import { LoopLoad } from '../../../../src/consumers/surplus/loop-load.ts';

test('the load is high while the event loop is idle for less than a quarter of the time', () => {
  const times = { idle: 0, active: 0 };
  const load = new LoopLoad(() => ({ ...times }));
  const after = (idle: number, active: number): boolean => {
    times.idle += idle;
    times.active += active;
    return load.isHigh;
  };
  expect(after(0, 40)).toBe(false); // too short to say anything
  expect(after(0, 20)).toBe(true);
  expect(after(26, 74)).toBe(false);
  expect(after(24, 76)).toBe(true);
  expect(after(49, 0)).toBe(true);
  expect(after(1, 0)).toBe(false);
});

test('it is measured of this process when nothing else is given', async () => {
  const load = new LoopLoad();
  const untilMs = performance.now() + 60;
  while (performance.now() < untilMs);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(load.isHigh).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(load.isHigh).toBe(false);
});
