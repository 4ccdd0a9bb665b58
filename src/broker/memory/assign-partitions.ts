import { partitionKey, type TopicPartition } from '../../core/record.ts';

/** A member as the assignor sees it. */
export interface AssignableMember {
  readonly topics: readonly string[];
  /** What it had before. */
  readonly owned: readonly TopicPartition[];
}

interface Share<M> {
  readonly member: M;
  readonly before: ReadonlySet<string>;
  readonly given: TopicPartition[];
}

const ownedOf = <M>(share: Share<M>, partitions: readonly TopicPartition[]): readonly TopicPartition[] =>
  partitions.filter((at) => share.before.has(partitionKey(at)));

/** Who gets the odd partition first: who has least in all, then who has most of this topic already. */
const byNeed =
  <M>(partitions: readonly TopicPartition[]) =>
  (left: Share<M>, right: Share<M>): number =>
    left.given.length - right.given.length ||
    ownedOf(right, partitions).length - ownedOf(left, partitions).length;

const shareTopic = <M>(shares: readonly Share<M>[], partitions: readonly TopicPartition[]): void => {
  const even = Math.floor(partitions.length / shares.length);
  const odd = partitions.length % shares.length;
  const quotas = shares
    .toSorted(byNeed(partitions))
    .map((share, rank) => ({ share, quota: even + (rank < odd ? 1 : 0), kept: ownedOf(share, partitions) }));
  const kept = quotas.flatMap(({ kept, quota }) => kept.slice(0, quota));
  const free = partitions.filter((at) => !kept.includes(at));
  for (const { share, quota, kept } of quotas) {
    const own = kept.slice(0, quota);
    share.given.push(...own, ...free.splice(0, quota - own.length));
  }
};

/**
 * Splits the partitions of each topic evenly over the members that subscribe to it. Moves little: a member keeps
 * what it had up to its share.
 */
export const assignPartitions = <M extends AssignableMember>(
  members: readonly M[],
  partitionsOf: (topic: string) => readonly TopicPartition[],
): ReadonlyMap<M, readonly TopicPartition[]> => {
  const shares = members.map((member): Share<M> => {
    return { member, before: new Set(member.owned.map(partitionKey)), given: [] };
  });
  const topics = new Set(members.flatMap((member) => member.topics));
  for (const topic of [...topics].sort()) {
    const subscribed = shares.filter((share) => share.member.topics.includes(topic));
    shareTopic(subscribed, partitionsOf(topic));
  }
  return new Map(shares.map((share) => [share.member, share.given]));
};
