import { expect, test } from 'vitest';
import type { OrderedStateStore, PlacedId } from '../../../src/core/ports/order-state.ts';
import { LONG_MS, one } from './fixture.ts';
import {
  aSequence,
  deadOf,
  deathOf,
  failOf,
  finish,
  inspect,
  park,
  recordAt,
  runOf,
} from './ordering-fixture.ts';

/** `afterDead: 'hold'`. */
export const describeHolding = (store: () => OrderedStateStore): void => {
  const dies = async (record: PlacedId, fence: number): Promise<void> => {
    expect(await one(store().order.dead([deadOf(record, fence, { hold: true })]))).toBe('completed');
  };

  /** The first of a sequence dies, and holds it. */
  const heldSequence = async () => {
    const sequence = aSequence();
    const first = recordAt(sequence, 4);
    const { fence } = await runOf(store(), first);
    await store().order.fail([failOf(first, fence, { dead: 'unrecoverable' })]);
    await dies(first, fence);
    return sequence;
  };

  test('what follows a dead one dies behind it, each in its turn, without a start', async () => {
    const sequence = await heldSequence();
    expect(await inspect(store(), sequence)).toEqual({ diverted: false, held: 1 });
    const second = await deathOf(store(), recordAt(sequence, 5));
    expect(second).toMatchObject({ reason: 'behind_dead_letter', starts: 0 });
    expect((await inspect(store(), sequence)).head).toMatchObject({ place: 5, dead: 'behind_dead_letter' });
    await dies(recordAt(sequence, 5), second.fence);
    expect(await inspect(store(), sequence)).toEqual({ diverted: false, held: 2 });
    await runOf(store(), recordAt({ ...sequence, orderKey: 'account-8' }, 6));
  });

  test('a hold counts each dead one once, also when its mark is set again', async () => {
    const sequence = await heldSequence();
    const record = recordAt(sequence, 5);
    const { fence } = await deathOf(store(), record);
    await dies(record, fence);
    expect(await one(store().order.dead([deadOf(record, fence, { hold: true })]))).toBe('already');
    expect((await inspect(store(), sequence)).held).toBe(2);
  });

  test('parked followers die behind it too', async () => {
    const sequence = aSequence();
    const head = recordAt(sequence, 4);
    const { fence } = await runOf(store(), head);
    await park(store(), head);
    await park(store(), recordAt(sequence, 5));
    await dies(head, fence);
    const follower = await deathOf(store(), recordAt(sequence, 5, 'waiting'));
    expect(follower.reason).toBe('behind_dead_letter');
    await dies(recordAt(sequence, 5, 'waiting'), follower.fence);
    expect(await inspect(store(), sequence)).toEqual({ diverted: false, parked: 5, passed: 5, held: 2 });
  });

  test('once lifted the next record runs, and the dead stay dead', async () => {
    const sequence = await heldSequence();
    await store().order.lift([{ ...sequence, ttlMs: LONG_MS }]);
    expect(await inspect(store(), sequence)).toEqual({ diverted: false });
    await finish(store(), recordAt(sequence, 5));
  });

  test('a hold that the store has lost is brought back, and never lowered', async () => {
    const sequence = aSequence();
    await store().order.hold([{ ...sequence, dead: 3, ttlMs: LONG_MS }]);
    await store().order.hold([{ ...sequence, dead: 2, ttlMs: LONG_MS }]);
    expect((await inspect(store(), sequence)).held).toBe(3);
    expect(await deathOf(store(), recordAt(sequence, 9))).toMatchObject({ reason: 'behind_dead_letter' });
  });
};
