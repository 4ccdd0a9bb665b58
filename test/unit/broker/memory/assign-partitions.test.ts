import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AssignableMember, assignPartitions } from '../../../../src/broker/memory/assign-partitions.ts';
import { partitionKey, type TopicPartition } from '../../../../src/core/record.ts';

const partitionsOf = (sizes: Readonly<Record<string, number>>) => (topic: string) =>
  Array.from({ length: sizes[topic] ?? 0 }, (_, partition) => ({ topic, partition }));

const member = (topics: readonly string[], owned: readonly TopicPartition[] = []): AssignableMember => {
  return { topics, owned };
};

const TOPICS = ['a', 'b', 'c'];
const sizes = fc.record({ a: fc.nat(9), b: fc.nat(9), c: fc.nat(9) });
const members = fc.array(fc.subarray(TOPICS, { minLength: 1 }), { minLength: 1, maxLength: 6 });

describe('the assignment of a memory group', () => {
  it('gives every partition to exactly one member that subscribes to it, in even shares', () => {
    fc.assert(
      fc.property(sizes, members, (counts, subscriptions) => {
        const group = subscriptions.map((topics) => member(topics));
        const shares = [...assignPartitions(group, partitionsOf(counts))];
        for (const topic of TOPICS) {
          const subscribed = shares.filter(([{ topics }]) => topics.includes(topic));
          const given = subscribed.map(([, share]) => share.filter((at) => at.topic === topic));
          const all = given.flat().map(partitionKey);
          if (subscribed.length === 0) continue;
          expect(all.toSorted()).toEqual(partitionsOf(counts)(topic).map(partitionKey));
          const lengths = given.map((share) => share.length);
          expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
        }
        for (const [{ topics }, share] of shares) for (const at of share) expect(topics).toContain(at.topic);
      }),
    );
  });

  it('moves nothing when nothing changed', () => {
    fc.assert(
      fc.property(sizes, members, (counts, subscriptions) => {
        const first = assignPartitions(
          subscriptions.map((topics) => member(topics)),
          partitionsOf(counts),
        );
        const again = [...first].map(([{ topics }, owned]) => member(topics, owned));
        const second = assignPartitions(again, partitionsOf(counts));
        for (const [before, after] of second) {
          expect(after.map(partitionKey).sort()).toEqual(before.owned.map(partitionKey).sort());
        }
      }),
    );
  });

  it('takes from each member only what the newcomer needs', () => {
    const half = (from: number) => partitionsOf({ a: 6 })('a').slice(from, from + 3);
    const group = [member(['a'], half(0)), member(['a'], half(3)), member(['a'])];
    const shares = [...assignPartitions(group, partitionsOf({ a: 6 }))].map(([, share]) => share);
    expect(shares.map((share) => share.map(({ partition }) => partition))).toEqual([
      [0, 1],
      [3, 4],
      [2, 5],
    ]);
  });

  it('spreads topics of one partition over the members', () => {
    const group = [member(['a', 'b']), member(['a', 'b'])];
    const shares = [...assignPartitions(group, partitionsOf({ a: 1, b: 1 }))].map(
      ([, share]) => share.length,
    );
    expect(shares).toEqual([1, 1]);
  });
});
