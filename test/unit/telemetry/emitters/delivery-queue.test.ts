import { describe, expect, test } from 'vitest';
import {
  DeliveryQueue,
  type DeliveryQueueOptions,
  type PackedEvent,
  type Verdict,
} from '../../../../src/telemetry/emitters/delivery-queue.ts';
import { OutageVoice } from '../../../../src/telemetry/emitters/outage-voice.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { recordingLog } from '../../../support/recording-log.ts';

const packed = (at: number, bytes = 10): PackedEvent => ({
  eventId: `e${at}`,
  text: 'x'.repeat(bytes),
  bytes,
});
const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** Lets all that is ready go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const LATER: Verdict = { kind: 'later', error: 'answered 503' };

/** A queue to a place that answers as it is told, `delivered` where it is told nothing. */
const open = (changes: Partial<DeliveryQueueOptions> = {}) => {
  const clock = manualClock();
  const log = recordingLog();
  const voice = new OutageVoice('lake', { log, clock });
  const sent: (readonly string[])[] = [];
  const place: {
    answer: (batch: readonly PackedEvent[], signal: AbortSignal) => Verdict | Promise<Verdict>;
  } = {
    answer: () => ({ kind: 'delivered' }),
  };
  const queue = new DeliveryQueue({
    ...{ clock, voice, random: () => 0 },
    buffer: { events: 1_000, bytes: 100_000 },
    batch: { events: 10, bytes: 1_000, waitMs: 1_000 },
    backoff: { firstMs: 200, longestMs: 30_000 },
    send: async (batch, signal) => {
      sent.push(batch.map(({ eventId }) => eventId));
      return place.answer(batch, signal);
    },
    ...changes,
  });
  /** Lets time pass in steps, as sending goes on in between. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 100) {
      clock.advance(Math.min(100, left));
      await settle();
    }
  };
  return { clock, log, voice, queue, sent, place, pass };
};

describe('a delivery queue', () => {
  test('sends a batch at once when it is full, and a smaller one when its first event has waited', async () => {
    const { queue, sent, pass, clock } = open();
    for (const at of range(0, 12)) queue.add(packed(at));
    await settle();
    expect(sent.map(({ length }) => length)).toEqual([10]);
    clock.advance(999);
    await settle();
    expect(sent).toHaveLength(1);
    await pass(1);
    expect(sent[1]).toEqual(['e10', 'e11']);
    expect([queue.pending, queue.delivered]).toEqual([0, 12]);
  });

  test('keeps a batch under its bytes, and sends an event that is larger by itself', async () => {
    const { queue, sent, pass } = open();
    for (const at of [0, 1, 2]) queue.add(packed(at, 400));
    queue.add(packed(3, 5_000));
    await pass(1_000);
    expect(sent).toEqual([['e0', 'e1'], ['e2'], ['e3']]);
  });

  test('an outage of a minute loses nothing within the bound, and says what was dropped beyond it, once', async () => {
    const { queue, sent, place, pass, log, voice } = open({ buffer: { events: 500, bytes: 100_000 } });
    place.answer = () => LATER;
    for (const second of range(0, 60)) {
      for (const at of range(0, 10)) queue.add(packed(second * 10 + at));
      await pass(1_000);
    }
    expect(queue.pending).toBe(500);
    // The first try, then pauses of 0.2, 0.4, 0.8 … 25.6 s.
    expect(sent.length).toBeLessThan(12);
    sent.length = 0;
    place.answer = () => ({ kind: 'delivered' });
    await pass(60_000);
    expect(sent.flat()).toEqual(range(0, 500).map((at) => `e${at}`));
    expect(voice.dropped).toEqual({ buffer_full: 100 });
    expect(log.lines).toMatchObject([
      { message: 'telemetry.emitter_blocked', facts: { emitter: 'lake', error: 'answered 503' } },
      { message: 'telemetry.emitter_unblocked', facts: { dropped: 100, dropped_buffer_full: 100 } },
    ]);
  });

  test('repeats the very same batch until it is delivered', async () => {
    const { queue, sent, place, pass } = open();
    place.answer = () => LATER;
    for (const at of range(0, 3)) queue.add(packed(at));
    await pass(2_000);
    for (const at of range(3, 9)) queue.add(packed(at));
    await pass(10_000);
    expect(sent.length).toBeGreaterThan(3);
    expect(new Set(sent.map((batch) => batch.join()))).toEqual(new Set(['e0,e1,e2']));
  });

  test('waits as long as it is asked to, and for no day', async () => {
    const { queue, sent, place, pass } = open();
    place.answer = () => ({ kind: 'later', error: 'answered 429', afterMs: 60_000 });
    queue.add(packed(0));
    await pass(60_900);
    expect(sent).toHaveLength(1);
    place.answer = () => ({ kind: 'later', error: 'answered 429', afterMs: 86_400_000 });
    await pass(200);
    expect(sent).toHaveLength(2);
    await pass(300_000);
    expect(sent).toHaveLength(3);
  });

  test('does not spin when it is asked to come back at once', async () => {
    const { queue, sent, place, pass } = open();
    place.answer = () => ({ kind: 'later', error: 'answered 503', afterMs: 0 });
    queue.add(packed(0));
    await pass(3_000);
    expect(sent.length).toBeLessThanOrEqual(11);
  });

  test('pauses are shortened by chance, so that processes do not come back in step', async () => {
    const { queue, sent, place, pass } = open({ random: () => 1 });
    place.answer = () => LATER;
    queue.add(packed(0));
    await pass(1_100);
    expect(sent).toHaveLength(2); // after 100 of 200 ms
  });

  test('drops what is refused, says why, and goes on', async () => {
    const { queue, sent, place, pass, voice, log } = open();
    place.answer = (batch) =>
      batch[0]?.eventId === 'e0' ? { kind: 'refused', error: 'answered 400' } : { kind: 'delivered' };
    for (const at of range(0, 20)) queue.add(packed(at));
    await pass(1_000);
    expect(sent).toHaveLength(2);
    expect([queue.delivered, queue.pending, voice.dropped]).toEqual([10, 0, { refused: 10 }]);
    expect(log.lines[0]).toMatchObject({ facts: { error: 'answered 400' } });
  });

  test('halves what is too large, down to the one event that is', async () => {
    const { queue, place, pass, voice, sent } = open();
    place.answer = (batch) =>
      batch.some(({ eventId }) => eventId === 'e3')
        ? { kind: 'too-large', error: 'answered 413' }
        : { kind: 'delivered' };
    for (const at of range(0, 8)) queue.add(packed(at));
    await pass(1_000);
    expect([queue.delivered, queue.pending, voice.dropped]).toEqual([7, 0, { too_large: 1 }]);
    expect(sent.at(-1)).toEqual(['e4', 'e5', 'e6', 'e7']);
  });

  test('is bounded by bytes too', async () => {
    const { queue, place, voice } = open({ buffer: { events: 1_000, bytes: 2_500 } });
    place.answer = () => LATER;
    for (const at of range(0, 30)) queue.add(packed(at, 100));
    await settle();
    expect([queue.pending, voice.dropped]).toEqual([25, { buffer_full: 5 }]);
  });

  test('sends what it holds at its close, tries again at once, and drops what has not left in time', async () => {
    const { queue, place, pass, log, voice, sent } = open();
    place.answer = () => LATER;
    for (const at of range(0, 15)) queue.add(packed(at));
    await pass(20_000);
    const before = sent.length;
    const closing = queue.close(4_000);
    await settle();
    expect(sent.length).toBe(before + 1);
    await pass(4_000);
    await closing;
    expect([queue.pending, voice.dropped]).toEqual([0, { stopped: 15 }]);
    expect(log.lines.at(-1)).toMatchObject({
      message: 'telemetry.emitter_closed_blocked',
      facts: { dropped: 15 },
    });
    queue.add(packed(99));
    expect(voice.dropped).toEqual({ stopped: 15, closed: 1 });
  });

  test('sends all it holds at its close when it can, though no batch is full', async () => {
    const { queue, sent, log } = open();
    for (const at of range(0, 13)) queue.add(packed(at));
    await queue.close(4_000);
    expect(sent.flat()).toHaveLength(13);
    expect(log.lines).toEqual([]);
  });

  test('ends its last try when the time of its close is over', async () => {
    const { queue, place, pass, voice } = open();
    place.answer = (_, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve({ kind: 'later', error: 'AbortError' }));
      });
    queue.add(packed(0));
    const closing = queue.close(1_000);
    await pass(1_000);
    await closing;
    expect(voice.dropped).toEqual({ stopped: 1 });
  });
});
