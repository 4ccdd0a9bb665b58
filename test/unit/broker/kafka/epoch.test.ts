import { describe, expect, it } from 'vitest';
import { EpochState } from '../../../../src/broker/kafka/epoch.ts';
import type { CommittedOffset } from '../../../../src/core/ports/broker.ts';
import type { TopicPartition } from '../../../../src/core/record.ts';

const P0: TopicPartition = { topic: 't', partition: 0 };
const P1: TopicPartition = { topic: 't', partition: 1 };
const at = (one: TopicPartition, offset: bigint): CommittedOffset => ({ ...one, offset, metadata: '' });
const low = 0n;
const high = 1_000n;

/** A member that owns these partitions from these committed offsets. */
const member = (...committed: readonly CommittedOffset[]): EpochState => {
  const state = new EpochState();
  const join = state.joined('me', committed);
  state.complete(join, committed, []);
  return state;
};

const rejoin = (state: EpochState, memberId: string, ...committed: readonly CommittedOffset[]) => {
  state.joining();
  return state.complete(state.joined(memberId, committed), committed, []);
};

describe('an epoch', () => {
  it('grows by one with each assignment that is told, however many joins it took', () => {
    const state = new EpochState();
    const void1 = state.joined('me', [P0]);
    const second = state.joined('me', [P0]);
    expect(state.complete(void1, [at(P0, 0n)], [])).toBeUndefined();
    expect(state.complete(second, [at(P0, 0n)], [])?.epoch).toBe(1);
    expect(rejoin(state, 'me', at(P0, 0n))?.epoch).toBe(2);
  });

  it('is of a new member at first, of the same as long as the group knows it, of a new one when it does not', () => {
    const state = new EpochState();
    expect(state.complete(state.joined('me', [P0]), [at(P0, 0n)], [])?.sameMember).toBe(false);
    expect(rejoin(state, 'me', at(P0, 0n))?.sameMember).toBe(true);
    expect(rejoin(state, 'other', at(P0, 0n))?.sameMember).toBe(false);
    expect(rejoin(state, 'other', at(P0, 0n))?.sameMember).toBe(true);
  });

  it('is of a new member when the id changed in a join nobody was told of', () => {
    const state = member(at(P0, 0n));
    state.joined('other', [P0]);
    expect(rejoin(state, 'other', at(P0, 0n))?.sameMember).toBe(false);
  });

  it('is of a new member when a partition was lost and regained between two tellings: someone else had it', () => {
    const state = member(at(P0, 0n), at(P1, 0n));
    state.joined('me', [P1]);
    expect(rejoin(state, 'me', at(P0, 0n), at(P1, 0n))?.sameMember).toBe(false);
  });

  it('delivers nothing while the member joins, nor before its offsets are known', () => {
    const state = member(at(P0, 5n));
    state.joining();
    expect(state.judge(P0, { fetchedAt: 5n, first: 5n }).kind).toBe('drop');
    const join = state.joined('me', [P0]);
    expect(state.judge(P0, { fetchedAt: 5n, first: 5n }).kind).toBe('drop');
    state.complete(join, [at(P0, 5n)], []);
    expect(state.judge(P0, { fetchedAt: 5n, first: 5n })).toEqual({ kind: 'deliver', epoch: 2 });
  });
});

describe('a batch', () => {
  it('is handed over when it was fetched exactly at the position, and moves it', () => {
    const state = member(at(P0, 5n));
    expect(state.judge(P0, { fetchedAt: 5n, first: 5n }).kind).toBe('deliver');
    state.moveTo(P0, 9n);
    expect(state.position(P0)).toBe(9n);
    expect(state.judge(P0, { fetchedAt: 5n, first: 5n })).toEqual({ kind: 'seek', offset: 9n });
    expect(state.judge(P0, { fetchedAt: 9n, first: 9n }).kind).toBe('deliver');
  });

  it('fetched before a rejoin and handed over after it is not delivered: 5 to 8 would be skipped', () => {
    const state = member(at(P0, 5n));
    state.moveTo(P0, 9n);
    rejoin(state, 'me', at(P0, 5n));
    expect(state.judge(P0, { fetchedAt: 9n, first: 9n })).toEqual({ kind: 'seek', offset: 5n });
    expect(state.position(P0)).toBe(5n);
  });

  it('of a partition that is not owned, or paused, is dropped', () => {
    const state = member(at(P0, 0n));
    expect(state.judge(P1, { fetchedAt: 0n, first: 0n }).kind).toBe('drop');
    state.pause([P0]);
    expect(state.judge(P0, { fetchedAt: 0n, first: 0n }).kind).toBe('drop');
    state.resume([P0]);
    expect(state.judge(P0, { fetchedAt: 0n, first: 0n }).kind).toBe('deliver');
  });

  it('beyond a stretch of control records is delivered when the client said that it passed them', () => {
    const state = member(at(P0, 10n));
    state.moveTo(P0, 12n);
    expect(state.judge(P0, { fetchedAt: 12n, first: 12n }).kind).toBe('deliver');
  });

  it('from further on is not delivered, however often it comes: the records between would be skipped', () => {
    const state = member(at(P0, 10n));
    for (let time = 0; time < 3; time++)
      expect(state.judge(P0, { fetchedAt: 52n, first: 52n })).toEqual({ kind: 'seek', offset: 10n });
  });

  it('never moves the position back', () => {
    const state = member(at(P0, 10n));
    state.moveTo(P0, 4n);
    expect(state.position(P0)).toBe(10n);
  });

  it('that begins above the position is looked into, and goes on when the gap is harmless', () => {
    const state = member(at(P0, 10n));
    expect(state.judge(P0, { fetchedAt: 10n, first: 14n }).kind).toBe('check-gap');
    state.allowGap(P0);
    expect(state.judge(P0, { fetchedAt: 10n, first: 14n }).kind).toBe('deliver');
    state.moveTo(P0, 20n);
    expect(state.judge(P0, { fetchedAt: 20n, first: 23n }).kind).toBe('check-gap');
  });
});

describe('a partition with an offset problem', () => {
  it('delivers nothing, commits nothing and has no position', () => {
    const state = new EpochState();
    const problem = { ...P1, problem: 'out-of-range', committed: 7_000n, low, high } as const;
    state.complete(state.joined('me', [P0, P1]), [at(P0, 3n), at(P1, 7_000n)], [problem]);
    expect(state.positions()).toEqual([{ ...P0, offset: 3n }]);
    expect(state.judge(P1, { fetchedAt: 7_000n, first: 7_000n }).kind).toBe('drop');
    expect(state.committable([at(P1, 8_000n)])).toEqual([]);
  });

  it('is one without a committed offset, whatever the check said', () => {
    const state = new EpochState();
    state.complete(state.joined('me', [P0]), [], []);
    expect(state.positions()).toEqual([]);
  });

  it('found while reading is not read on', () => {
    const state = member(at(P0, 3n));
    state.block(P0);
    expect(state.judge(P0, { fetchedAt: 3n, first: 3n }).kind).toBe('drop');
  });
});

describe('a pause', () => {
  it('stays with a partition that is kept', () => {
    const state = member(at(P0, 0n));
    state.pause([P0]);
    rejoin(state, 'me', at(P0, 0n));
    expect(state.isPaused(P0)).toBe(true);
  });

  it('ends with the partition, also when that comes back', () => {
    const state = member(at(P0, 0n), at(P1, 0n));
    state.pause([P0]);
    rejoin(state, 'me', at(P1, 0n));
    rejoin(state, 'me', at(P0, 0n), at(P1, 0n));
    expect(state.isPaused(P0)).toBe(false);
  });

  it('ends with the member id', () => {
    const state = member(at(P0, 0n));
    state.pause([P0]);
    rejoin(state, 'other', at(P0, 0n));
    expect(state.isPaused(P0)).toBe(false);
  });

  it('of a partition that is not owned is nothing', () => {
    const state = member(at(P0, 0n));
    state.pause([P1]);
    rejoin(state, 'me', at(P0, 0n), at(P1, 0n));
    expect(state.isPaused(P1)).toBe(false);
  });
});

describe('a commit', () => {
  it('is only of owned partitions, above what is committed, and not while rebalancing', () => {
    const state = member(at(P0, 5n));
    expect(state.committable([at(P0, 5n), at(P0, 4n), at(P1, 9n)])).toEqual([]);
    expect(state.committable([at(P0, 6n)])).toEqual([at(P0, 6n)]);
    state.joining();
    expect(state.committable([at(P0, 6n)])).toEqual([]);
  });

  it('never goes below what another member committed meanwhile', () => {
    const state = member(at(P0, 5n));
    rejoin(state, 'me', at(P0, 90n));
    expect(state.committable([at(P0, 60n)])).toEqual([]);
  });

  it('raises the bar for the next one, unless it belongs to an assignment that is over', () => {
    const state = member(at(P0, 5n));
    const before = state.currentJoin();
    state.committed(before, [at(P0, 20n)]);
    expect(state.committable([at(P0, 20n)])).toEqual([]);
    expect(state.committable([at(P0, 21n)])).toHaveLength(1);
    rejoin(state, 'me', at(P0, 20n));
    state.committed(before, [at(P0, 40n)]);
    expect(state.committable([at(P0, 21n)])).toHaveLength(1);
  });
});
