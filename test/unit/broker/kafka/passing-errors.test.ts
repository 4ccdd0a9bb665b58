import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { throughPassingErrors } from '../../../../src/broker/kafka/passing-errors.ts';

/** As kafkajs makes them from an answer of the broker. */
const protocolError = (type: string, retriable = true): Error =>
  Object.assign(new Error(type), { name: 'KafkaJSProtocolError', type, retriable });

/** Fails so long, then works. */
const failingFor = (ms: number, type: string) => {
  const untilMs = Date.now() + ms;
  return async (): Promise<'found'> => {
    if (Date.now() < untilMs) throw protocolError(type);
    return 'found';
  };
};

const outcome = (work: () => Promise<'found'>): Promise<string> =>
  throughPassingErrors(work).catch((error: unknown) => Object(error).type);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

// A start on a busy broker gave up after four seconds because a new topic had no leader yet.
test.each(['NOT_LEADER_FOR_PARTITION', 'GROUP_COORDINATOR_NOT_AVAILABLE'])(
  'an election of ten seconds is waited for: %s',
  async (type) => {
    const found = outcome(failingFor(10_000, type));
    await vi.advanceTimersByTimeAsync(12_000);
    expect(await found).toBe('found');
  },
);

test('an election that does not end is given up on within twenty seconds', async () => {
  const found = outcome(failingFor(60_000, 'LEADER_NOT_AVAILABLE'));
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await found).toBe('LEADER_NOT_AVAILABLE');
});

test('another passing error is tried again for some four seconds', async () => {
  const found = outcome(failingFor(10_000, 'REQUEST_TIMED_OUT'));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await found).toBe('REQUEST_TIMED_OUT');
});

test('what would never work is not tried again', async () => {
  const work = vi.fn(async (): Promise<'found'> => {
    throw protocolError('TOPIC_AUTHORIZATION_FAILED', false);
  });
  expect(await outcome(work)).toBe('TOPIC_AUTHORIZATION_FAILED');
  expect(work).toHaveBeenCalledTimes(1);
});
