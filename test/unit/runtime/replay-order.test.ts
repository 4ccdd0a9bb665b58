import { expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { EsteiraError } from '../../../src/index.ts';
import { replayInOrder } from '../../../src/runtime/replay-order.ts';
import { createMemoryStateStore } from '../../../src/state/memory/memory-state-store.ts';

const id = { jobType: 'post', tenant: 'acme', partition: 'billing.events/0', orderKey: 'a' };
const ttlMs = 60_000;

/** A held sequence with a copy that counts as parked, so that nothing can begin. */
const busySequence = async () => {
  const { order } = createMemoryStateStore({ clock: systemClock });
  await order.hold([{ ...id, dead: 1, ttlMs }]);
  const copies = [{ sequence: id, place: 7 }];
  await order.register([{ jobType: 'post', waitingPartition: 0, copies, after: 0, upTo: 1, ttlMs }]);
  const written: string[] = [];
  const replay = (by = 'r1', letters: readonly string[] = ['first']) =>
    replayInOrder(
      { order, clock: systemClock, patienceMs: 150 },
      { id, ttlMs, by, letters, write: async (letter, { index }) => void written.push(`${letter} ${index}`) },
    );
  return { order, replay, written };
};

test('a replay that cannot begin is given up after a while, and can be taken up again', async () => {
  const { order, replay, written } = await busySequence();
  expect(await replay()).toEqual({ kind: 'busy' });
  expect((await order.inspect([id]))[0]).toMatchObject({ held: 1, replay: { state: 'ended', count: 0 } });
  expect(await replay()).toEqual({ kind: 'busy' });
  expect(written).toEqual(['first 1', 'first 1']);
});

test.each(['', 'x'.repeat(101)])('a replay needs a name that the store can keep', async (by) => {
  const { replay } = await busySequence();
  await expect(replay(by)).rejects.toBeInstanceOf(EsteiraError);
});

test('without letters nothing is opened for good', async () => {
  const { replay } = await busySequence();
  expect(await replay('r1', [])).toEqual({ kind: 'incomplete', dead: 1, found: 0 });
});
