import { expect, test } from 'vitest';
import { PartitionSet } from '../../../src/consumers/partition-set.ts';
import type { CommittedOffset, GroupConsumer } from '../../../src/core/ports/broker.ts';
import { silentLog } from '../../../src/core/ports/log.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { latch, waitFor } from '../../support/wait.ts';

const at = { topic: 't', partition: 0 };
const record = (offset: bigint) => ({ ...at, offset, key: null, value: null, headers: [], timestampMs: 0 });

/** A set on a consumer whose commits are the test's. */
const setUp = (commit: GroupConsumer['commit']) => {
  const clock = manualClock();
  const homes = new Set<Parameters<PartitionSet['settle']>[0]>();
  const consumer: GroupConsumer = {
    run: async () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    stop: async () => undefined,
    commit,
  };
  const set = new PartitionSet({
    ...{ name: 'g', consumer, clock, log: silentLog, commitEveryMs: 500 },
    window: { records: 10, bytes: 1_000_000 },
    onIncoming: (home) => homes.add(home),
    onOffsetProblem: () => undefined,
    onCrash: () => undefined,
  });
  const committed = [{ ...at, offset: 0n, metadata: '' }];
  set.onAssigned({ epoch: 1, partitions: [at], committed, sameMember: false });
  set.onBatch({ ...at, epoch: 1, records: [record(0n), record(1n)], highWatermark: 2n });
  const settle = (offset: bigint): void => {
    for (const home of homes) set.settle(home, offset);
  };
  return { clock, set, settle, homes };
};

// A commit under way when the process stopped armed the timer again, and a stopped consumer was asked to commit for ever.
test('a set that is closed while a commit is on its way never commits again', async () => {
  const asked: (readonly CommittedOffset[])[] = [];
  const answer = latch<readonly CommittedOffset[]>();
  const { clock, set, settle } = setUp((offsets) => {
    asked.push(offsets);
    return answer.opened;
  });
  settle(0n);
  clock.advance(500);
  await waitFor('the commit', () => asked.length === 1);
  set.close();
  answer.open([]);
  await set.commit();
  const before = asked.length;
  settle(1n);
  expect(clock.nextInMs()).toBeUndefined();
  clock.advance(5_000);
  expect(asked).toHaveLength(before);
});

test('what the broker did not take, for lack of a connection or in a rebalance, is committed again in the next round', async () => {
  const asked: bigint[] = [];
  const answers = [new Error('no connection'), [], [{ ...at, offset: 2n, metadata: '' }]];
  const { clock, set, settle } = setUp(async (offsets) => {
    const answer = answers[asked.length];
    for (const { offset } of offsets) asked.push(offset);
    if (answer instanceof Error) throw answer;
    return answer ?? [];
  });
  settle(0n);
  settle(1n);
  for (const rounds of [1, 2, 3]) {
    await waitFor('the next round', () => clock.nextInMs() === 500);
    clock.advance(500);
    await waitFor('the commit', () => asked.length === rounds);
  }
  await waitFor('the round after', () => clock.nextInMs() === 500);
  clock.advance(500);
  await set.commit();
  expect(asked).toEqual([2n, 2n, 2n]);
});

test('a batch of an earlier assignment is not taken in: it comes again', () => {
  const { set } = setUp(async () => []);
  set.onBatch({ ...at, epoch: 0, records: [record(2n)], highWatermark: 3n });
  expect(set.unsettled).toBe(2);
  set.onBatch({ ...at, epoch: 1, records: [record(1n), record(2n)], highWatermark: 3n });
  expect(set.unsettled).toBe(3);
});

test('a partition that is lost is dead at once; one that is kept lives on, unless the group forgot this process', () => {
  const { set, homes } = setUp(async () => []);
  const alive = () => [...homes].map((home) => home.alive);
  const committed = [{ ...at, offset: 0n, metadata: '' }];
  set.onAssigned({ epoch: 2, partitions: [at], committed, sameMember: true });
  expect([alive(), set.unsettled]).toEqual([[true], 2]);
  set.onAssigned({ epoch: 3, partitions: [at], committed, sameMember: false });
  expect([alive(), set.unsettled]).toEqual([[false], 0]);
  set.onBatch({ ...at, epoch: 3, records: [record(0n)], highWatermark: 2n });
  set.onAssigned({ epoch: 4, partitions: [], committed: [], sameMember: true });
  expect([alive(), set.size]).toEqual([[false, false], 0]);
});
