import type { Consumer } from 'kafkajs';
import { expect, it } from 'vitest';
import { FetchControl } from '../../../../src/broker/kafka/fetch-control.ts';
import type { Clock } from '../../../../src/core/clock.ts';

const setUp = (maxWaitMs: number) => {
  const time = { nowMs: 1_000 };
  const clock: Clock = { nowMs: () => time.nowMs, after: () => () => undefined };
  const consumer = { pause: () => undefined, resume: () => undefined } as unknown as Consumer;
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
  };
  return { time, fetch: new FetchControl(consumer, () => true, { clock, log, maxWaitMs }) };
};

it('a fetch waits its time, and a second once nothing has come for ten', () => {
  const { time, fetch } = setUp(500);
  expect(fetch.waitMs).toBe(500);
  time.nowMs += 10_000;
  expect(fetch.waitMs).toBe(1_000);
  fetch.delivered();
  expect(fetch.waitMs).toBe(500);
});

it('a longer wait that was asked for stays as it is', () => {
  const { time, fetch } = setUp(5_000);
  time.nowMs += 10_000;
  expect(fetch.waitMs).toBe(5_000);
});

it('where partitions are paused and resumed a fetch waits for hardly anything, also after a rest', () => {
  const { time, fetch } = setUp(500);
  time.nowMs += 60_000;
  fetch.pause([{ topic: 'orders', partition: 0 }]);
  expect(fetch.waitMs).toBe(20);
  time.nowMs += 2_000;
  expect(fetch.waitMs).toBe(1_000);
});
