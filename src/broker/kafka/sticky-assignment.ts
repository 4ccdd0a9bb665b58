import { partitionKey, type TopicPartition } from '../../core/record.ts';

/** What a member says when it joins. */
export interface MemberWish {
  readonly memberId: string;
  readonly topics: readonly string[];
  /** What it owned until now. */
  readonly owned: readonly TopicPartition[];
}

/** The partitions of each member, every member present. */
export type GroupAssignment = ReadonlyMap<string, readonly TopicPartition[]>;

interface Load {
  readonly memberId: string;
  readonly topics: ReadonlySet<string>;
  readonly partitions: TopicPartition[];
}

const byId = (a: { memberId: string }, b: { memberId: string }): number => (a.memberId < b.memberId ? -1 : 1);

const countOf = (load: Load, topic: string): number =>
  load.partitions.reduce((count, at) => (at.topic === topic ? count + 1 : count), 0);

/** The member with the fewest partitions of the topic, then the fewest in all, then the lowest id. */
const leastLoaded = (loads: readonly Load[], topic: string): Load | undefined => {
  let best: Load | undefined;
  for (const load of loads) {
    if (best === undefined) best = load;
    else {
      const difference =
        countOf(load, topic) - countOf(best, topic) || load.partitions.length - best.partitions.length;
      if (difference < 0) best = load;
    }
  }
  return best;
};

const claimsOf = (wishes: readonly MemberWish[]): Map<string, string> => {
  const claims = new Map<string, string>();
  for (const { memberId, owned } of [...wishes].sort(byId))
    for (const at of owned) if (!claims.has(partitionKey(at))) claims.set(partitionKey(at), memberId);
  return claims;
};

/** Leaves partitions where they are as far as no member gets more of the topic than its share. */
const keep = (
  topic: string,
  count: number,
  loads: readonly Load[],
  claims: ReadonlyMap<string, string>,
): number[] => {
  const floor = Math.floor(count / loads.length);
  let extras = count % loads.length;
  const left: number[] = [];
  const surplus: number[] = [];
  const ownerOf = (partition: number): Load | undefined =>
    loads.find(({ memberId }) => memberId === claims.get(partitionKey({ topic, partition })));
  for (let partition = 0; partition < count; partition++) {
    const owner = ownerOf(partition);
    if (owner === undefined) left.push(partition);
    else if (countOf(owner, topic) < floor) owner.partitions.push({ topic, partition });
    else surplus.push(partition);
  }
  for (const partition of surplus) {
    const owner = ownerOf(partition);
    if (extras > 0 && owner !== undefined && countOf(owner, topic) === floor) {
      owner.partitions.push({ topic, partition });
      extras--;
    } else left.push(partition);
  }
  return left;
};

/** A partition that `from` can give `to` without making the shares of its topic uneven. */
const movable = (from: Load, to: Load): TopicPartition | undefined =>
  from.partitions.find((at) => to.topics.has(at.topic) && countOf(from, at.topic) > countOf(to, at.topic));

const moveOne = (loads: readonly Load[]): boolean => {
  const ordered = [...loads].sort((a, b) => b.partitions.length - a.partitions.length || byId(a, b));
  for (const from of ordered)
    for (const to of ordered.toReversed()) {
      if (from.partitions.length <= to.partitions.length + 1) break;
      const moved = movable(from, to);
      if (moved === undefined) continue;
      from.partitions.splice(from.partitions.indexOf(moved), 1);
      to.partitions.push(moved);
      return true;
    }
  return false;
};

/**
 * Deals partitions out: only to members that subscribe to the topic, each topic evenly among those, members evenly in
 * all as far as that allows, and otherwise everything stays where it is. The same input gives the same answer.
 */
export const assignSticky = (
  wishes: readonly MemberWish[],
  partitionCounts: ReadonlyMap<string, number>,
): GroupAssignment => {
  const claims = claimsOf(wishes);
  const loads: Load[] = [...wishes]
    .sort(byId)
    .map(({ memberId, topics }) => ({ memberId, topics: new Set(topics), partitions: [] }));
  for (const [topic, count] of [...partitionCounts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const eligible = loads.filter(({ topics }) => topics.has(topic));
    if (eligible.length === 0) continue;
    for (const partition of keep(topic, count, eligible, claims))
      leastLoaded(eligible, topic)?.partitions.push({ topic, partition });
  }
  while (moveOne(loads));
  return new Map(loads.map(({ memberId, partitions }) => [memberId, partitions]));
};
