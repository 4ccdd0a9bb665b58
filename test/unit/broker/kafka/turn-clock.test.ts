import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { TurnClock } from '../../../../src/broker/kafka/turn-clock.ts';

const counting = () => {
  let looks = 0;
  const clock = new TurnClock({ nowMs: () => 1_000 + looks++, after: () => () => undefined });
  return { clock, looks: () => looks };
};

it('the clock is looked at once in a turn of the event loop, whoever asks', async () => {
  const { clock, looks } = counting();
  expect([clock.nowMs(), clock.nowMs()]).toEqual([1_000, 1_000]);
  await Promise.resolve();
  expect(clock.nowMs()).toBe(1_000);
  expect(looks()).toBe(1);
});

it('the next turn has a time of its own', async () => {
  const { clock } = counting();
  expect(clock.nowMs()).toBe(1_000);
  await turn();
  expect(clock.nowMs()).toBe(1_001);
});
