import { describe, expect, test } from 'vitest';
import { placeOfTurn } from '../../../src/core/order/replay-turn.ts';
import type { OrderedStateStore, PlacedId, SequenceId } from '../../../src/core/ports/order-state.ts';
import { LONG_MS, one } from './fixture.ts';
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

const PLAN = 7;
const BY = 'replay of a test';

/** The replay, at a turn of a plan, of the record that died at a place. */
const replayOf = (sequence: SequenceId, place: number, index: number, plan = PLAN): PlacedId => ({
  ...recordAt(sequence, place, 'waiting'),
  ...{ hop: 2, place: placeOfTurn({ plan, index }) },
});

/** Ordered replays of a held sequence. */
export const describeReplaying = (store: () => OrderedStateStore): void => {
  const prepare = (sequence: SequenceId, plan = PLAN, by = BY) =>
    one(store().order.prepare([{ ...sequence, plan, by, ttlMs: LONG_MS }]));
  const begin = (sequence: SequenceId, dead: number, count = dead, plan = PLAN) =>
    one(store().order.begin([{ ...sequence, plan, dead, count, ttlMs: LONG_MS }]));
  const cancel = (sequence: SequenceId, plan = PLAN) =>
    one(store().order.cancel([{ ...sequence, plan, ttlMs: LONG_MS }]));

  const dies = async (record: PlacedId): Promise<void> => {
    const answer = await orderClaim(store(), record);
    if (answer.kind !== 'run' && answer.kind !== 'dead') throw new Error(answer.kind);
    const { fence } = answer;
    await store().order.fail([failOf(record, fence, { dead: 'unrecoverable' })]);
    expect(await one(store().order.dead([deadOf(record, fence, { hold: true })]))).toBe('completed');
  };

  /** Places 4 to 6 are dead: the first failed, the others were behind it. */
  const heldSequence = async (): Promise<SequenceId> => {
    const sequence = aSequence();
    for (const place of [4, 5, 6]) await dies(recordAt(sequence, place));
    return sequence;
  };

  const begunSequence = async (): Promise<SequenceId> => {
    const sequence = await heldSequence();
    expect(await prepare(sequence)).toEqual({ kind: 'prepared', dead: 3 });
    expect(await begin(sequence, 3)).toEqual({ kind: 'begun' });
    return sequence;
  };

  describe('opening a plan', () => {
    test('a plan is told how many have died, also when it is prepared again', async () => {
      const sequence = await heldSequence();
      expect(await prepare(sequence)).toEqual({ kind: 'prepared', dead: 3 });
      await dies(recordAt(sequence, 7));
      expect(await prepare(sequence)).toEqual({ kind: 'prepared', dead: 4 });
      expect((await inspect(store(), sequence)).replay).toEqual({
        ...{ plan: PLAN, by: BY, state: 'prepared', done: 0, count: 0 },
      });
    });

    test('a sequence has one open plan, and none when nothing holds it', async () => {
      const sequence = await heldSequence();
      await prepare(sequence);
      expect(await prepare(sequence, 8)).toEqual({ kind: 'taken' });
      expect(await prepare(aSequence())).toEqual({ kind: 'not_held' });
    });

    test('until it begins its replays wait, and arrivals die', async () => {
      const sequence = await heldSequence();
      await prepare(sequence);
      expect(await orderClaim(store(), replayOf(sequence, 4, 1))).toEqual({ kind: 'behind' });
      expect((await deathOf(store(), recordAt(sequence, 7))).reason).toBe('behind_dead_letter');
    });

    test('a cancelled plan never begins, its replays are superseded, and another can be prepared', async () => {
      const sequence = await heldSequence();
      await prepare(sequence);
      expect(await cancel(sequence)).toBe('cancelled');
      expect(await cancel(sequence)).toBe('cancelled');
      expect(await begin(sequence, 3)).toEqual({ kind: 'gone' });
      expect(await orderClaim(store(), replayOf(sequence, 4, 1))).toEqual({ kind: 'superseded', origin: '' });
      expect(await prepare(sequence)).toEqual({ kind: 'ended' });
      expect(await prepare(sequence, 8)).toEqual({ kind: 'prepared', dead: 3 });
      expect(await cancel(sequence)).toBe('gone');
    });
  });

  describe('beginning', () => {
    test('a plan that does not know of all that died is stale', async () => {
      const sequence = await heldSequence();
      await prepare(sequence);
      await dies(recordAt(sequence, 7));
      expect(await begin(sequence, 3)).toEqual({ kind: 'stale', dead: 4 });
      expect(await begin(sequence, 4)).toEqual({ kind: 'begun' });
      expect(await begin(sequence, 4)).toEqual({ kind: 'begun' });
      expect(await cancel(sequence)).toBe('begun');
    });

    // The story: a record was claimed to die behind the others and had not reached the dead letters: it was overtaken.
    test('nothing begins while a record of the sequence is on its way to die', async () => {
      const sequence = await heldSequence();
      await prepare(sequence);
      const late = recordAt(sequence, 7);
      const { fence } = await deathOf(store(), late);
      expect(await begin(sequence, 3)).toEqual({ kind: 'busy' });
      await store().order.dead([deadOf(late, fence, { hold: true })]);
      expect(await begin(sequence, 4)).toEqual({ kind: 'begun' });
    });

    test('nothing begins while a record of the sequence is parked', async () => {
      const sequence = aSequence();
      const head = recordAt(sequence, 4);
      const { fence } = await runOf(store(), head);
      await park(store(), head);
      await park(store(), recordAt(sequence, 5));
      await store().order.dead([deadOf(head, fence, { hold: true })]);
      await prepare(sequence);
      expect(await begin(sequence, 1)).toEqual({ kind: 'busy' });
    });
  });

  describe('running', () => {
    const completes = async (record: PlacedId): Promise<void> => {
      await finish(store(), record);
    };

    test('replays run, arrivals are parked behind them, and the last lifts the hold', async () => {
      const sequence = await begunSequence();
      await completes(replayOf(sequence, 4, 1));
      expect(await orderClaim(store(), recordAt(sequence, 7))).toEqual({ kind: 'park' });
      expect(await park(store(), recordAt(sequence, 8), { follows: true })).toBe('parked');
      expect(await orderClaim(store(), recordAt(sequence, 7, 'waiting'))).toEqual({ kind: 'behind' });
      await completes(replayOf(sequence, 5, 2));
      expect((await inspect(store(), sequence)).replay).toMatchObject({ state: 'begun', done: 2, count: 3 });
      await completes(replayOf(sequence, 6, 3));
      expect(await inspect(store(), sequence)).toEqual({
        ...{ diverted: true, parked: 8, passed: 6 },
        replay: { plan: PLAN, by: BY, state: 'ended', done: 3, count: 3 },
      });
      await completes(recordAt(sequence, 7, 'waiting'));
      await completes(recordAt(sequence, 8, 'waiting'));
      expect((await inspect(store(), sequence)).diverted).toBe(false);
      await completes(recordAt(sequence, 9));
    });

    test('a replay has its attempts anew, and keeps them apart from those of the records that wait', async () => {
      const sequence = await begunSequence();
      const first = replayOf(sequence, 4, 1);
      const { fence, attempt, starts } = await runOf(store(), first);
      expect([attempt, starts]).toEqual([1, 1]);
      await store().order.fail([failOf(first, fence, { delayMs: LONG_MS })]);
      expect(await orderClaim(store(), first)).toMatchObject({ kind: 'wait', attempt: 2 });
      expect((await inspect(store(), sequence)).replay?.head).toMatchObject({ attempt: 2, starts: 1 });
    });

    test('one that dies ends the plan: the rest stay dead, what was parked dies behind it', async () => {
      const sequence = await begunSequence();
      await completes(replayOf(sequence, 4, 1));
      await orderClaim(store(), recordAt(sequence, 7));
      await dies(replayOf(sequence, 5, 2));
      expect(await inspect(store(), sequence)).toMatchObject({
        ...{ held: 2, replay: { state: 'ended', done: 1, count: 3 } },
      });
      expect(await orderClaim(store(), replayOf(sequence, 6, 3))).toEqual({ kind: 'superseded', origin: '' });
      expect((await deathOf(store(), recordAt(sequence, 7, 'waiting'))).reason).toBe('behind_dead_letter');
    });

    test('one that is done already is passed, and another copy of it says nothing', async () => {
      const sequence = await begunSequence();
      const { fence } = await runOf(store(), {
        ...replayOf(sequence, 4, 9, 99),
        where: 'direct',
        place: 1,
        orderKey: 'x',
      });
      await store().complete([{ ...orderCompleteOf(replayOf(sequence, 4, 9), fence), hop: 0 }]);
      expect((await orderClaim(store(), replayOf(sequence, 4, 1))).kind).toBe('done');
      expect((await inspect(store(), sequence)).replay).toMatchObject({ done: 1 });
      const again = { ...replayOf(sequence, 4, 1), idempotencyKey: 'other', jobId: 'other' };
      expect(await orderClaim(store(), again, { origin: 'here' })).toEqual({
        ...{ kind: 'superseded', origin: 'here' },
      });
    });

    test('a turn that stands first has no other before it: writes that were lost do not stop a plan', async () => {
      const sequence = await begunSequence();
      await completes(replayOf(sequence, 6, 3));
      expect(await inspect(store(), sequence)).toMatchObject({ replay: { state: 'ended', done: 3 } });
      expect((await inspect(store(), sequence)).held).toBeUndefined();
    });

    test('a parked record that no replay stands before ends a plan whose end was lost, and the hold stays', async () => {
      const sequence = await begunSequence();
      await completes(replayOf(sequence, 4, 1));
      await orderClaim(store(), recordAt(sequence, 7));
      const parked = recordAt(sequence, 7, 'waiting');
      const answer = await orderClaim(store(), parked, { replaysOver: true });
      expect(answer).toMatchObject({ kind: 'dead', reason: 'behind_dead_letter' });
      expect(await inspect(store(), sequence)).toMatchObject({ held: 2, replay: { state: 'ended' } });
    });

    // The story: a worker that woke late wrote an earlier letter of a record once more, which was replayed for the last
    // one: superseded, it was taken for done, and those behind it overtook the record.
    test('a turn of an outdated letter ends the plan, before it has begun and after', async () => {
      const outdated = (sequence: SequenceId, plan?: number): PlacedId => ({
        ...replayOf(sequence, 4, 1, plan),
        hop: 0,
      });
      const sequence = await heldSequence();
      await prepare(sequence, 6);
      expect((await orderClaim(store(), outdated(sequence, 6))).kind).toBe('superseded');
      expect(await begin(sequence, 3, 3, 6)).toEqual({ kind: 'gone' });
      await prepare(sequence);
      await begin(sequence, 3);
      expect((await orderClaim(store(), outdated(sequence))).kind).toBe('superseded');
      expect(await inspect(store(), sequence)).toMatchObject({
        held: 3,
        replay: { state: 'ended', done: 0 },
      });
    });

    test('lifting the hold ends the plan', async () => {
      const sequence = await begunSequence();
      await store().order.lift([{ ...sequence, ttlMs: LONG_MS }]);
      expect(await orderClaim(store(), replayOf(sequence, 4, 1))).toEqual({ kind: 'superseded', origin: '' });
      await completes(recordAt(sequence, 7));
    });

    test('a replay that waited for its next attempt, or fails after its plan, is in the way of no other', async () => {
      const sequence = await begunSequence();
      const first = replayOf(sequence, 4, 1);
      const { fence } = await runOf(store(), first);
      await store().order.fail([failOf(first, fence, { delayMs: LONG_MS })]);
      await store().order.lift([{ ...sequence, ttlMs: LONG_MS }]);
      await dies(recordAt(sequence, 7));
      await prepare(sequence, 8);
      expect(await begin(sequence, 1, 1, 8)).toEqual({ kind: 'begun' });
      const second = await runOf(store(), replayOf(sequence, 7, 1, 8));
      await store().order.lift([{ ...sequence, ttlMs: LONG_MS }]);
      await store().order.fail([failOf(replayOf(sequence, 7, 1, 8), second.fence)]);
      await orderClaim(store(), replayOf(sequence, 7, 1, 8));
      await dies(recordAt(sequence, 8));
      await prepare(sequence, 9);
      expect(await begin(sequence, 1, 1, 9)).toEqual({ kind: 'begun' });
    });

    // The story: the store lost its last writes, so a turn that had ended was waiting again when the last one ended. In
    // memory it stayed, and no later plan of its sequence could begin (simulation seed 2003767, with replays and losses).
    test('the turn that ends a plan leaves none waiting, whether it completes or dies', async () => {
      const failed = async (sequence: SequenceId): Promise<SequenceId> => {
        const first = replayOf(sequence, 4, 1);
        const { fence } = await runOf(store(), first);
        await store().order.fail([failOf(first, fence, { delayMs: LONG_MS })]);
        return sequence;
      };
      const completed = await failed(await begunSequence());
      await completes(replayOf(completed, 6, 3));
      const died = await failed(await begunSequence());
      const last = replayOf(died, 6, 3);
      const exhausted = await orderClaim(store(), last, { starts: 99 });
      if (exhausted.kind !== 'dead') throw new Error(exhausted.kind);
      await store().order.dead([deadOf(last, exhausted.fence, { hold: true })]);
      for (const sequence of [completed, died]) {
        expect((await inspect(store(), sequence)).replay).toMatchObject({ state: 'ended' });
        expect((await inspect(store(), sequence)).replay?.head).toBeUndefined();
        await dies(recordAt(sequence, 7));
        const { held = 0 } = await inspect(store(), sequence);
        await prepare(sequence, 8);
        expect(await begin(sequence, held, held, 8)).toEqual({ kind: 'begun' });
      }
    });

    test('a replay of an earlier plan that comes to its end late moves nothing', async () => {
      const sequence = await heldSequence();
      await prepare(sequence, 6);
      await begin(sequence, 3, 3, 6);
      const { fence } = await runOf(store(), replayOf(sequence, 4, 1, 6));
      await dies(replayOf(sequence, 5, 2, 6));
      await prepare(sequence);
      await begin(sequence, 2);
      await store().order.complete([orderCompleteOf(replayOf(sequence, 4, 1, 6), fence)]);
      expect((await inspect(store(), sequence)).replay).toMatchObject({ plan: PLAN, done: 0 });
    });
  });
};
