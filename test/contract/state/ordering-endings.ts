import { expect, test } from 'vitest';
import type { OrderedStateStore } from '../../../src/core/ports/order-state.ts';
import { claim, LONG_MS, one, SHORT_MS, type StateFixture, toldOf } from './fixture.ts';
import {
  aSequence,
  deadOf,
  deathOf,
  failOf,
  finish,
  inspect,
  orderClaim,
  orderCompleteOf,
  park,
  recordAt,
  runOf,
} from './ordering-fixture.ts';

/** How an attempt and a record end. */
export const describeOrderEndings = (store: () => OrderedStateStore, fixture: StateFixture): void => {
  test('a failed head waits with its next attempt, wherever its copy is, and then runs', async () => {
    const sequence = aSequence();
    const direct = recordAt(sequence, 4);
    const { fence } = await runOf(store(), direct);
    const failed = failOf(direct, fence, { delayMs: LONG_MS, attempt: 2 });
    expect(await one(store().order.fail([failed]))).toBe('failed');
    expect(await one(store().order.fail([failed]))).toBe('failed');
    const answer = await orderClaim(store(), { ...direct, where: 'waiting' });
    if (answer.kind !== 'wait') throw new Error(`answered ${answer.kind}`);
    expect(answer.attempt).toBe(2);
    expect(answer.dueMs - answer.nowMs).toBeGreaterThan(LONG_MS / 2);
  });

  test('once due, attempt and starts go on from where they were', async () => {
    const sequence = aSequence();
    const direct = recordAt(sequence, 4);
    const { fence } = await runOf(store(), direct, { starts: 1 });
    await store().order.fail([failOf(direct, fence, { delayMs: SHORT_MS })]);
    await park(store(), direct);
    await fixture.advance(SHORT_MS);
    const second = await runOf(store(), { ...direct, where: 'waiting' }, { starts: 1 });
    expect(second).toMatchObject({ attempt: 2, starts: 3 });
    expect(second.fence).toBeGreaterThan(fence);
    await store().release([{ ...direct, fence: second.fence, leaseMs: 0 }]);
    expect(await runOf(store(), { ...direct, where: 'waiting' })).toMatchObject({ attempt: 2, starts: 3 });
  });

  test('attempts that are used up end as dead, with what the last failure left', async () => {
    const record = recordAt(aSequence(), 4);
    const { fence } = await runOf(store(), record, { maxAttempts: 1 });
    await store().order.fail([failOf(record, fence, { note: Buffer.from('smtp 550') })]);
    expect(await orderClaim(store(), record, { maxAttempts: 1 })).toMatchObject({
      ...{ kind: 'dead', reason: 'attempts_exhausted', attempt: 2, starts: 1 },
      note: Buffer.from('smtp 550'),
    });
  });

  test('starts that are used up end as dead, and asking for the letter again is no start', async () => {
    const record = recordAt(aSequence(), 4);
    await runOf(store(), record, { maxStarts: 1, leaseMs: SHORT_MS });
    await fixture.advance(SHORT_MS);
    const dead = { kind: 'dead', reason: 'starts_exhausted', starts: 1 };
    expect(await orderClaim(store(), record, { maxStarts: 1, leaseMs: SHORT_MS })).toMatchObject(dead);
    await fixture.advance(SHORT_MS);
    expect(await orderClaim(store(), record, { maxStarts: 1 })).toMatchObject(dead);
  });

  test('a head that shall die keeps its claim for the letter, and after a crash dies for another', async () => {
    const record = recordAt(aSequence(), 4);
    const { fence } = await runOf(store(), record);
    const failed = failOf(record, fence, {
      dead: 'unrecoverable',
      leaseMs: SHORT_MS,
      note: Buffer.from('no'),
    });
    expect(await one(store().order.fail([failed]))).toBe('failed');
    expect(await one(store().renew([{ ...record, fence, leaseMs: SHORT_MS }]))).toBe('renewed');
  });

  test('the letter of a head whose writer died is written by the next, without a start', async () => {
    const record = recordAt(aSequence(), 4);
    const { fence } = await runOf(store(), record, { leaseMs: SHORT_MS });
    const failed = failOf(record, fence, {
      dead: 'unrecoverable',
      leaseMs: SHORT_MS,
      note: Buffer.from('no'),
    });
    await store().order.fail([failed]);
    await fixture.advance(SHORT_MS);
    const answer = await deathOf(store(), record);
    expect(answer).toMatchObject({ reason: 'unrecoverable', starts: 1, note: Buffer.from('no') });
    expect(answer.fence).toBeGreaterThan(fence);
    expect(await one(store().order.dead([deadOf(record, fence)]))).toBe('fenced');
    expect(await one(store().order.dead([deadOf(record, answer.fence)]))).toBe('completed');
    expect(await one(store().order.dead([deadOf(record, answer.fence)]))).toBe('already');
  });

  test('a failure that comes after another took over is lost', async () => {
    const record = recordAt(aSequence(), 4);
    const { fence } = await runOf(store(), record, { leaseMs: SHORT_MS });
    await fixture.advance(SHORT_MS);
    const second = await runOf(store(), record);
    expect(await one(store().order.fail([failOf(record, fence)]))).toBe('lost');
    expect(await one(store().order.complete([orderCompleteOf(record, fence)]))).toBe('fenced');
    expect(await one(store().order.complete([orderCompleteOf(record, second.fence)]))).toBe('completed');
    expect(await one(store().order.complete([orderCompleteOf(record, second.fence)]))).toBe('already');
    expect(await one(store().order.fail([failOf(record, second.fence)]))).toBe('lost');
  });

  test('a completion is accepted when the claim ended and nobody came, and when it was lost', async () => {
    const sequence = aSequence();
    const late = await runOf(store(), recordAt(sequence, 4), { leaseMs: SHORT_MS });
    await fixture.advance(SHORT_MS);
    expect(await one(store().order.complete([orderCompleteOf(recordAt(sequence, 4), late.fence)]))).toBe(
      'completed',
    );
    expect(await one(store().order.complete([orderCompleteOf(recordAt(sequence, 5), 7)]))).toBe('adopted');
  });

  test('done marks are the same as those of unordered types: with the event until it is told', async () => {
    const record = recordAt(aSequence(), 4);
    const { fence } = await runOf(store(), record);
    await store().order.complete([orderCompleteOf(record, fence)]);
    const done = { kind: 'done', fence, origin: 'billing.events/3/4' };
    expect(await orderClaim(store(), record)).toEqual({ ...done, event: Buffer.from('completed') });
    expect(await claim(store(), record)).toEqual({ ...done, event: Buffer.from('completed') });
    await store().told([toldOf(record, fence, { origin: 'billing.events/3/4' })]);
    expect(await orderClaim(store(), record)).toEqual(done);
  });

  test('fences come from one counter with those of unordered types', async () => {
    const record = recordAt(aSequence(), 4);
    const first = await runOf(store(), record);
    const second = await claim(store(), { ...record, idempotencyKey: 'another', jobId: 'another' });
    if (second.kind !== 'run') throw new Error(`answered ${second.kind}`);
    const third = await runOf(store(), recordAt(record, 5));
    expect([first.fence, second.fence, third.fence]).toEqual(
      [first.fence, second.fence, third.fence].sort((a, b) => a - b),
    );
    expect(new Set([first.fence, second.fence, third.fence]).size).toBe(3);
  });

  test('a dead record moves its sequence on, gives the idempotency key back and is not run again', async () => {
    const sequence = aSequence();
    const record = recordAt(sequence, 4);
    const { fence } = await runOf(store(), record);
    await park(store(), record);
    await store().order.fail([failOf(record, fence, { dead: 'unrecoverable' })]);
    expect(await one(store().order.dead([deadOf(record, fence)]))).toBe('completed');
    expect(await inspect(store(), sequence)).toEqual({ diverted: false, parked: 4, passed: 4 });
    expect(await orderClaim(store(), recordAt(sequence, 4, 'waiting'))).toEqual({
      ...{ kind: 'superseded', origin: 'billing.events/3/4' },
    });
    await finish(store(), { ...recordAt(sequence, 5), idempotencyKey: record.idempotencyKey });
  });

  // A crash between the mark and the commit brings the record again; dead twice it would stand twice in the DLQ.
  test('a record that died on the direct way is superseded when it comes again', async () => {
    const record = recordAt(aSequence(), 4);
    const { fence } = await runOf(store(), record);
    await store().order.dead([deadOf(record, fence)]);
    expect(await orderClaim(store(), record)).toEqual({ kind: 'superseded', origin: 'billing.events/3/4' });
    expect(await park(store(), record)).toBe('ended');
  });

  // A process slept through the death of what it ran, woke, and completed it: a dead letter that was also done.
  test('a completion that comes after the record died is refused', async () => {
    const record = recordAt(aSequence(), 4);
    const late = await runOf(store(), record, { leaseMs: SHORT_MS, maxStarts: 1 });
    await fixture.advance(SHORT_MS);
    const answer = await orderClaim(store(), record, { maxStarts: 1 });
    if (answer.kind !== 'dead') throw new Error(`answered ${answer.kind}`);
    await store().order.dead([deadOf(record, answer.fence)]);
    expect(await one(store().order.complete([orderCompleteOf(record, late.fence)]))).toBe('fenced');
    expect(await orderClaim(store(), record)).toMatchObject({ kind: 'superseded' });
  });

  test('a waiting head that is condemned dies at its next claim; one that does not wait is not', async () => {
    const sequence = aSequence();
    const record = recordAt(sequence, 4);
    const { fence } = await runOf(store(), record);
    const condemned = { ...sequence, place: 4, reason: 'unrecoverable', ttlMs: LONG_MS } as const;
    expect(await one(store().order.condemn([condemned]))).toBe('gone');
    await store().order.fail([failOf(record, fence, { delayMs: LONG_MS })]);
    expect(await one(store().order.condemn([{ ...condemned, place: 5 }]))).toBe('gone');
    expect(await one(store().order.condemn([condemned]))).toBe('condemned');
    expect(await deathOf(store(), record)).toMatchObject({ reason: 'unrecoverable', attempt: 2, starts: 1 });
  });

  test('what is kept of a sequence ends with its lifetime', async () => {
    const sequence = aSequence();
    const short = { ...recordAt(sequence, 4), ttlMs: SHORT_MS };
    await park(store(), short);
    await fixture.advance(SHORT_MS);
    expect(await inspect(store(), sequence)).toEqual({ diverted: false });
  });

  test('registering anew keeps what is known of a diverted sequence', async () => {
    const sequence = aSequence();
    await park(store(), { ...recordAt(sequence, 4), ttlMs: SHORT_MS });
    const copies = [{ sequence, place: 4 }];
    const { jobType } = sequence;
    await store().order.register([
      { jobType, waitingPartition: 9, copies, after: 0, upTo: 1, ttlMs: LONG_MS },
    ]);
    await fixture.advance(SHORT_MS);
    expect(await orderClaim(store(), recordAt(sequence, 5))).toEqual({ kind: 'park' });
  });
};
