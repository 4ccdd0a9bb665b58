import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { OrderedStateStore } from '../../../src/core/ports/order-state.ts';
import { LONG_MS, one, SHORT_MS, type StateFixture } from './fixture.ts';
import {
  aSequence,
  deadOf,
  failOf,
  finish,
  inspect,
  orderClaim,
  orderClaimOf,
  orderCompleteOf,
  park,
  recordAt,
  runOf,
} from './ordering-fixture.ts';

/** Who may run, who is parked, and how that is found again after data are lost. */
export const describeOrdering = (store: () => OrderedStateStore, fixture: StateFixture): void => {
  test('records that never fail leave nothing of their sequence behind', async () => {
    const sequence = aSequence();
    for (const place of [4, 5, 9]) await finish(store(), recordAt(sequence, place));
    expect(await inspect(store(), sequence)).toEqual({ diverted: false });
  });

  test('a head that fails and succeeds within the buffer leaves nothing either', async () => {
    const sequence = aSequence();
    const record = recordAt(sequence, 4);
    const { fence } = await runOf(store(), record);
    await store().order.fail([failOf(record, fence)]);
    expect((await inspect(store(), sequence)).head).toMatchObject({ place: 4, attempt: 2, starts: 1 });
    await finish(store(), record);
    expect(await inspect(store(), sequence)).toEqual({ diverted: false });
  });

  test('while a head is parked, records behind it are parked, and claims of other keys run', async () => {
    const sequence = aSequence();
    expect(await park(store(), recordAt(sequence, 4))).toBe('parked');
    expect(await orderClaim(store(), recordAt(sequence, 5))).toEqual({ kind: 'park' });
    await runOf(store(), recordAt({ ...sequence, orderKey: 'account-8' }, 6));
    await runOf(store(), recordAt({ ...sequence, partition: 'billing.events/4' }, 6));
    expect(await inspect(store(), sequence)).toEqual({ diverted: true, parked: 5, passed: 3 });
  });

  test('a key is direct again when the last parked record has passed', async () => {
    const sequence = aSequence();
    await park(store(), recordAt(sequence, 4));
    await orderClaim(store(), recordAt(sequence, 5));
    await finish(store(), recordAt(sequence, 4, 'waiting'));
    expect((await inspect(store(), sequence)).diverted).toBe(true);
    await finish(store(), recordAt(sequence, 5, 'waiting'));
    await runOf(store(), recordAt(sequence, 6));
  });

  // Followers parked because the one before them was: a key that is busy enough never got back to the direct way.
  test('a follower is parked only while something of its key waits', async () => {
    const sequence = aSequence();
    await park(store(), recordAt(sequence, 4));
    expect(await park(store(), recordAt(sequence, 5), { follows: true })).toBe('parked');
    for (const place of [4, 5]) await finish(store(), recordAt(sequence, place, 'waiting'));
    expect(await park(store(), recordAt(sequence, 6), { follows: true })).toBe('direct');
    await runOf(store(), recordAt(sequence, 6));
  });

  // A counter instead of two numbers was counted up twice by a crash before the write: the key never came back.
  test('a redelivery of a parked record is parked again and changes nothing', async () => {
    const sequence = aSequence();
    await park(store(), recordAt(sequence, 4));
    await orderClaim(store(), recordAt(sequence, 5));
    const before = await inspect(store(), sequence);
    expect(await orderClaim(store(), recordAt(sequence, 4))).toEqual({ kind: 'park' });
    expect(await orderClaim(store(), recordAt(sequence, 5))).toEqual({ kind: 'park' });
    expect(await inspect(store(), sequence)).toEqual(before);
  });

  test('a redelivery of what ended before the key was parked is done, not written', async () => {
    const sequence = aSequence();
    await finish(store(), recordAt(sequence, 3));
    await park(store(), recordAt(sequence, 4));
    expect(await orderClaim(store(), recordAt(sequence, 3))).toMatchObject({ kind: 'done' });
    expect(await park(store(), recordAt(sequence, 3))).toBe('ended');
  });

  test('a promised record is written again although a mark exists, and its copy is skipped', async () => {
    const sequence = aSequence();
    const record = recordAt(sequence, 4);
    const { fence } = await runOf(store(), record);
    await park(store(), recordAt(sequence, 4));
    await park(store(), recordAt(sequence, 5));
    await store().order.complete([orderCompleteOf(record, fence)]);
    expect(await orderClaim(store(), recordAt(sequence, 5))).toEqual({ kind: 'park' });
    expect(await orderClaim(store(), recordAt(sequence, 4, 'waiting'))).toMatchObject({ kind: 'done' });
  });

  test('a head parked while it runs goes on under its claim, and its copy waits for it', async () => {
    const sequence = aSequence();
    const direct = recordAt(sequence, 4);
    const { fence } = await runOf(store(), direct);
    expect(await park(store(), direct)).toBe('parked');
    expect(await orderClaim(store(), recordAt(sequence, 4, 'waiting'))).toMatchObject({ kind: 'running' });
    expect(await one(store().renew([{ ...direct, fence, leaseMs: LONG_MS }]))).toBe('renewed');
    expect(await one(store().order.complete([orderCompleteOf(direct, fence)]))).toBe('completed');
    expect(await orderClaim(store(), recordAt(sequence, 4, 'waiting'))).toMatchObject({ kind: 'done' });
    await runOf(store(), recordAt(sequence, 5));
  });

  // A repeated event id was the last parked place; skipped, it never reached it, and the key was diverted for ever.
  test('a repeated event that is skipped moves its sequence on', async () => {
    const sequence = aSequence();
    await park(store(), recordAt(sequence, 4));
    const repeated = { ...recordAt(sequence, 5), jobId: recordAt(sequence, 4).jobId };
    const twin = { ...repeated, idempotencyKey: recordAt(sequence, 4).idempotencyKey };
    expect(await orderClaim(store(), twin)).toEqual({ kind: 'park' });
    await finish(store(), recordAt(sequence, 4, 'waiting'));
    expect(await orderClaim(store(), { ...twin, where: 'waiting' })).toMatchObject({ kind: 'done' });
    expect((await inspect(store(), sequence)).diverted).toBe(false);
  });

  // Matched by job id, the repeat of a waiting head's event ran as head at its own place, and others overtook the head.
  test('a head is known by its place: a repeat of its event has neither its attempts nor its time', async () => {
    const sequence = aSequence();
    const head = recordAt(sequence, 4);
    const { fence } = await runOf(store(), head);
    await store().order.fail([failOf(head, fence, { delayMs: LONG_MS })]);
    expect(await orderClaim(store(), head)).toMatchObject({ kind: 'wait', attempt: 2 });
    expect(await orderClaim(store(), { ...head, place: 5 })).toMatchObject({ kind: 'run', attempt: 1 });
  });

  test('a job of another sequence with the same idempotency key waits while one runs', async () => {
    const record = recordAt(aSequence(), 4);
    const rival = {
      ...recordAt({ ...record, orderKey: 'account-8' }, 6),
      idempotencyKey: record.idempotencyKey,
    };
    const { fence } = await runOf(store(), record);
    expect(await orderClaim(store(), rival)).toMatchObject({ kind: 'running' });
    await store().order.complete([orderCompleteOf(record, fence)]);
    expect(await orderClaim(store(), rival)).toMatchObject({ kind: 'done', origin: 'billing.events/3/4' });
  });

  // "The owner is the process" let a process claim the copy of a head that its other consumer was running.
  test('a live lease answers running to all but the very same run', async () => {
    const record = recordAt(aSequence(), 4);
    const first = await runOf(store(), record, { run: 'mine' });
    expect(await orderClaim(await fixture.open(), record)).toMatchObject({ kind: 'running' });
    expect(await runOf(store(), record, { run: 'mine' })).toEqual(first);
  });

  test('a run that did not come back is counted, and starts again with a higher fence', async () => {
    const record = recordAt(aSequence(), 4);
    const first = await runOf(store(), record, { leaseMs: SHORT_MS });
    await fixture.advance(SHORT_MS);
    const second = await runOf(store(), { ...record, where: 'waiting' });
    expect(second).toMatchObject({ attempt: 1, starts: 2 });
    expect(second.fence).toBeGreaterThan(first.fence);
  });

  // Parks were lost, and the worker that had made them went on with the next record directly.
  test('what a worker knows to have parked is believed though the store has lost it', async () => {
    const sequence = aSequence();
    expect(await orderClaim(store(), recordAt(sequence, 5), { known: 4 })).toEqual({ kind: 'park' });
    expect(await inspect(store(), sequence)).toEqual({ diverted: true, parked: 5 });
    await finish(store(), recordAt(sequence, 5, 'waiting'));
    await runOf(store(), recordAt(sequence, 6), { known: 5 });
  });

  // Redis was empty, 7 to 9 waited, the partition changed hands, and 10 ran.
  test('the direct way waits until the waiting topic is read as far as was parked there', async () => {
    const sequence = aSequence({ jobType: `post-${randomUUID()}` });
    const { jobType } = sequence;
    const late = recordAt(sequence, 10);
    const witness = { parkedEnd: 31 };
    expect(await orderClaim(store(), late, witness)).toEqual({ kind: 'rebuilding' });
    expect(await park(store(), late, witness)).toBe('rebuilding');
    const copies = [{ sequence, place: 9 }];
    const request = { jobType, waitingPartition: 3, copies, after: 0, upTo: 31, ttlMs: LONG_MS };
    expect(await one(store().order.register([{ ...request, waitingPartition: 2 }]))).toBe('seen');
    expect(await orderClaim(store(), late, witness)).toEqual({ kind: 'rebuilding' });
    expect(await one(store().order.register([request]))).toBe('seen');
    expect(await orderClaim(store(), late, witness)).toEqual({ kind: 'park' });
    await runOf(store(), recordAt({ ...sequence, tenant: 'other' }, 11), witness);
  });

  test('a witness that is not where it was left says so, keeps the copies and does not move', async () => {
    const sequence = aSequence({ jobType: `post-${randomUUID()}` });
    const { jobType } = sequence;
    const at = { jobType, waitingPartition: 3, ttlMs: LONG_MS };
    await store().order.register([{ ...at, copies: [], after: 0, upTo: 20 }]);
    const behind = { ...at, copies: [{ sequence, place: 9 }], after: 21, upTo: 25 };
    expect(await one(store().order.register([behind]))).toBe('behind');
    expect((await inspect(store(), sequence)).parked).toBe(9);
    expect(await orderClaim(store(), recordAt(sequence, 8), { parkedEnd: 21 })).toEqual({
      kind: 'rebuilding',
    });
    expect(await one(store().order.register([{ ...at, copies: [], after: 20, upTo: 5 }]))).toBe('seen');
    expect(await one(store().order.register([{ ...at, copies: [], after: 20, upTo: 25 }]))).toBe('seen');
    expect(await orderClaim(store(), recordAt(sequence, 8), { parkedEnd: 25 })).toEqual({ kind: 'park' });
  });

  test('copies of many tenants are registered at once, and what has passed stays direct', async () => {
    const jobType = `post-${randomUUID()}`;
    const sequences = Array.from({ length: 60 }, (_, i) => aSequence({ jobType, tenant: `tenant-${i}` }));
    const passed = sequences[0] ?? aSequence();
    await park(store(), recordAt(passed, 7));
    await finish(store(), recordAt(passed, 7, 'waiting'));
    const copies = sequences.map((sequence) => ({ sequence, place: 7 }));
    const request = { jobType, waitingPartition: 3, copies, after: 0, upTo: 60, ttlMs: LONG_MS };
    expect(await one(store().order.register([request]))).toBe('seen');
    const states = await store().order.inspect(sequences);
    expect(states.map(({ parked }) => parked)).toEqual(sequences.map(() => 7));
    expect(states.filter(({ diverted }) => diverted)).toHaveLength(59);
  });

  test('a log begun anew is parked by its new places', async () => {
    const sequence = aSequence();
    await park(store(), recordAt(sequence, 900));
    await finish(store(), recordAt(sequence, 900, 'waiting'));
    await runOf(store(), recordAt(sequence, 3));
    expect(await park(store(), recordAt(sequence, 3))).toBe('parked');
    expect(await orderClaim(store(), recordAt(sequence, 4))).toEqual({ kind: 'park' });
  });

  test('a batch takes effect in its order: what the first request parks, the second finds', async () => {
    const sequence = aSequence();
    const places = [4, 5, 6].map((place) => recordAt(sequence, place));
    const other = recordAt({ ...sequence, orderKey: 'account-8' }, 5);
    await park(store(), recordAt(sequence, 3));
    const answers = await store().order.claim(
      [...places, other].map((record) => orderClaimOf(record, { parkedEnd: 0 })),
    );
    expect(answers.map(({ kind }) => kind)).toEqual(['park', 'park', 'park', 'run']);
    await finish(store(), recordAt(sequence, 6, 'waiting'));
    expect(await inspect(store(), sequence)).toEqual({ diverted: false, parked: 6, passed: 6 });
  });

  test('a record that died under its job is not run again at another place', async () => {
    const sequence = aSequence();
    const record = recordAt(sequence, 4);
    const { fence } = await runOf(store(), record);
    await store().order.dead([deadOf(record, fence)]);
    const twin = { ...record, place: 9 };
    expect(await orderClaim(store(), twin)).toEqual({ kind: 'superseded', origin: 'billing.events/3/4' });
    expect(await orderClaim(store(), { ...twin, hop: 1 })).toMatchObject({ kind: 'run' });
  });
};
