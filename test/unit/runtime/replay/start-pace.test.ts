import { expect, test } from 'vitest';
import { StartPace } from '../../../../src/runtime/replay/start-pace.ts';
import { manualClock } from '../../../support/manual-clock.ts';

/** Starts `count` things in batches, each with some work before it; answers how long all took, ms, and the largest burst. */
const startAll = async (rate: number, count: number, batch: number, workMs: number) => {
  const clock = manualClock();
  const pace = new StartPace(rate, clock);
  const beganAtMs = clock.nowMs();
  let largest = 0;
  for (let done = 0; done < count; done += batch) {
    clock.advance(workMs);
    for (let left = Math.min(batch, count - done); left > 0; ) {
      const granted = pace.take(left);
      largest = Math.max(largest, granted);
      left -= granted;
      if (granted > 0) continue;
      const next = pace.next();
      clock.advance(clock.nextInMs() ?? 0);
      await next;
    }
  }
  return { tookMs: clock.nowMs() - beganAtMs, largest };
};

test.each([
  [500, 0],
  [500, 120],
  [500, 700],
  [7, 0],
  [2_000, 60],
])('%i a second is kept within 5 %%, with %i ms of work before each batch', async (rate, workMs) => {
  const seconds = 20;
  const { tookMs } = await startAll(rate, rate * seconds, Math.min(500, rate), workMs);
  expect(Math.abs(tookMs / 1_000 - seconds)).toBeLessThan(seconds * 0.05);
});

test('without work in between they start evenly, and after a long stop no more than a second is made up for', async () => {
  expect((await startAll(500, 5_000, 500, 0)).largest).toBeLessThanOrEqual(6);
  expect((await startAll(500, 2_000, 500, 10_000)).largest).toBeLessThanOrEqual(500);
});

test('without a rate all may start', () => {
  expect(new StartPace(0, manualClock()).take(12_345)).toBe(12_345);
});
