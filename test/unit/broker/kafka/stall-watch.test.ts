import { expect, it } from 'vitest';
import { StallWatch } from '../../../../src/broker/kafka/stall-watch.ts';
import { manualClock } from '../../../support/manual-clock.ts';

it('a client that shows no sign of life for too long is noticed once, one that does or was stopped is not', () => {
  const clock = manualClock();
  let stalls = 0;
  const watch = new StallWatch(clock, 60_000, () => stalls++);
  watch.start();
  for (let minute = 0; minute < 10; minute++) {
    clock.advance(50_000);
    watch.sign();
  }
  expect(stalls).toBe(0);
  clock.advance(70_000);
  clock.advance(600_000);
  expect(stalls).toBe(1);
  watch.start();
  watch.stop();
  clock.advance(600_000);
  expect(stalls).toBe(1);
});
