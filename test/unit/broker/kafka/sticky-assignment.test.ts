import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assignSticky,
  type GroupAssignment,
  type MemberWish,
} from '../../../../src/broker/kafka/sticky-assignment.ts';
import { partitionKey, type TopicPartition } from '../../../../src/core/record.ts';

const TOPICS = ['a', 'b', 'c'];
const counts = fc.record({
  a: fc.integer({ min: 0, max: 9 }),
  b: fc.integer({ min: 0, max: 9 }),
  c: fc.integer({ min: 0, max: 3 }),
});
const subscriptions = fc.array(fc.subarray(TOPICS), { minLength: 1, maxLength: 6 });
const sameSubscriptions = fc
  .integer({ min: 1, max: 6 })
  .map((members) => Array.from({ length: members }, () => TOPICS));

const wish = (
  memberId: string,
  topics: readonly string[],
  owned: readonly TopicPartition[] = [],
): MemberWish => ({
  memberId,
  topics,
  owned,
});

const sizes = (assignment: GroupAssignment, topic?: string): readonly number[] =>
  [...assignment.values()].map(
    (owned) => owned.filter((at) => topic === undefined || at.topic === topic).length,
  );

const spread = (numbers: readonly number[]): number => Math.max(...numbers) - Math.min(...numbers);

const keysOf = (assignment: GroupAssignment): readonly string[] =>
  [...assignment.values()].flat().map(partitionKey).sort();

const withOwned = (wishes: readonly MemberWish[], assignment: GroupAssignment): readonly MemberWish[] =>
  wishes.map((one) => ({ ...one, owned: assignment.get(one.memberId) ?? [] }));

describe('an assignment', () => {
  it('gives each partition to exactly one member, which subscribes to its topic; none is orphaned if anyone does', () => {
    fc.assert(
      fc.property(counts, subscriptions, (topics, subscribed) => {
        const wishes = subscribed.map((one, n) => wish(`m${n}`, one));
        const assignment = assignSticky(wishes, new Map(Object.entries(topics)));
        const wanted = Object.entries(topics)
          .filter(([topic]) => subscribed.some((one) => one.includes(topic)))
          .flatMap(([topic, count]) =>
            Array.from({ length: count }, (_, partition) => partitionKey({ topic, partition })),
          );
        expect(keysOf(assignment)).toEqual(wanted.sort());
        for (const { memberId, topics: mine } of wishes)
          for (const at of assignment.get(memberId) ?? []) expect(mine).toContain(at.topic);
        expect([...assignment.keys()].sort()).toEqual(wishes.map(({ memberId }) => memberId).sort());
      }),
    );
  });

  it('is even: over each topic among its subscribers, and over all when everyone subscribes to the same', () => {
    fc.assert(
      fc.property(counts, sameSubscriptions, (topics, subscribed) => {
        const wishes = subscribed.map((one, n) => wish(`m${n}`, one));
        const assignment = assignSticky(wishes, new Map(Object.entries(topics)));
        expect(spread(sizes(assignment))).toBeLessThanOrEqual(1);
        for (const topic of TOPICS) expect(spread(sizes(assignment, topic))).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('stays as it is when nothing changes', () => {
    fc.assert(
      fc.property(counts, subscriptions, (topics, subscribed) => {
        const wishes = subscribed.map((one, n) => wish(`m${n}`, one));
        const partitions = new Map(Object.entries(topics));
        const before = assignSticky(wishes, partitions);
        const after = assignSticky(withOwned(wishes, before), partitions);
        for (const [memberId, owned] of before)
          expect(new Set(after.get(memberId)?.map(partitionKey))).toEqual(new Set(owned.map(partitionKey)));
      }),
    );
  });

  it('moves no more than a newcomer must get, or a leaver must give', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 5 }), (topics, members) => {
        const partitions = new Map(Object.entries(topics));
        const total = Object.values(topics).reduce((sum, count) => sum + count, 0);
        const few = Array.from({ length: members }, (_, n) => wish(`m${n}`, TOPICS));
        const before = assignSticky(few, partitions);
        const joined = [...withOwned(few, before), wish('new', TOPICS)];
        const after = assignSticky(joined, partitions);
        expect(movedBetween(before, after)).toBeLessThanOrEqual(
          Math.ceil(total / (members + 1)) + TOPICS.length,
        );
        const left = withOwned(joined, after).filter(({ memberId }) => memberId !== 'm0');
        if (left.length === 0) return;
        const gone = after.get('m0')?.length ?? 0;
        expect(movedBetween(after, assignSticky(left, partitions))).toBeLessThanOrEqual(gone + TOPICS.length);
      }),
    );
  });

  it('does not depend on the order in which the group lists its members', () => {
    fc.assert(
      fc.property(counts, subscriptions, (topics, subscribed) => {
        const wishes = subscribed.map((one, n) => wish(`m${n}`, one));
        const partitions = new Map(Object.entries(topics));
        expect(assignSticky(wishes.toReversed(), partitions)).toEqual(assignSticky(wishes, partitions));
      }),
    );
  });

  it('survives a deploy that adds a topic: it goes to the members that know it, the rest stays even', () => {
    const owned = (partitions: readonly number[]): readonly TopicPartition[] =>
      partitions.map((partition) => ({ topic: 'a', partition }));
    const assignment = assignSticky(
      [wish('old', ['a'], owned([0, 1])), wish('new', ['a', 'b'], owned([2, 3]))],
      new Map([
        ['a', 4],
        ['b', 2],
      ]),
    );
    expect(assignment.get('new')?.filter(({ topic }) => topic === 'b')).toHaveLength(2);
    expect(sizes(assignment, 'a')).toEqual([2, 2]);
  });

  it('gives a partition two members claim to one of them', () => {
    const both = [{ topic: 'a', partition: 0 }];
    const assignment = assignSticky([wish('x', ['a'], both), wish('y', ['a'], both)], new Map([['a', 1]]));
    expect(keysOf(assignment)).toEqual(['a/0']);
  });
});

const movedBetween = (before: GroupAssignment, after: GroupAssignment): number => {
  let moved = 0;
  for (const [memberId, owned] of after) {
    const had = new Set(before.get(memberId)?.map(partitionKey));
    moved += owned.filter((at) => !had.has(partitionKey(at))).length;
  }
  return moved;
};
