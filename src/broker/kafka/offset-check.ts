import type { CommittedOffset, OffsetProblem, OffsetRange } from '../../core/ports/broker.ts';
import { partitionKey, type TopicPartition } from '../../core/record.ts';

/** What a new assignment starts from. */
export interface StartOffsets {
  readonly committed: readonly CommittedOffset[];
  readonly problems: readonly OffsetProblem[];
}

/** Where offsets are looked up: without the group's own connection, so that fetches do not wait for it. */
export interface OffsetLookUp {
  committedAt(groupId: string, partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]>;
  rangesOf(partitions: readonly TopicPartition[]): Promise<readonly OffsetRange[]>;
}

/**
 * Compares one offset with its log; undefined when reading may go on from it.
 *
 * @param position where reading would go on, when that is not the committed offset.
 */
export const problemOf = (
  range: OffsetRange,
  committed: bigint | undefined,
  position = committed,
): OffsetProblem | undefined => {
  const { topic, partition, low, high } = range;
  if (committed === undefined || position === undefined)
    return { topic, partition, low, high, problem: 'missing' };
  if (position >= low && position <= high) return undefined;
  return { topic, partition, low, high, committed, problem: 'out-of-range' };
};

/** Looks up where the group stands in these partitions, and where it cannot go on. */
export const checkOffsets = async (
  lookUp: OffsetLookUp,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<StartOffsets> => {
  if (partitions.length === 0) return { committed: [], problems: [] };
  const [committed, ranges] = await Promise.all([
    lookUp.committedAt(groupId, partitions),
    lookUp.rangesOf(partitions),
  ]);
  const offsets = new Map(committed.map((one) => [partitionKey(one), one.offset]));
  const problems = ranges.flatMap((range) => problemOf(range, offsets.get(partitionKey(range))) ?? []);
  return { committed, problems };
};
