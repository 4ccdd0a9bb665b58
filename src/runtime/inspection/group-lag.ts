import type { BrokerAdmin } from '../../core/ports/broker.ts';
import type { ConsumedRecord, TopicPartition } from '../../core/record.ts';

/** What a group has not settled of one partition. */
export interface PartitionLag extends TopicPartition {
  /** The first record that is not settled: the committed offset, or the first one there is. */
  readonly next: bigint;
  /** End of the log. */
  readonly high: bigint;
  /** Whether the group has a committed offset here; without one it does not read. */
  readonly isCommitted: boolean;
}

/** What a group has not settled of a topic. */
export interface TopicLag {
  readonly groupId: string;
  readonly topic: string;
  readonly partitions: readonly PartitionLag[];
  /** Records not settled. Also records of others that share an event topic. */
  readonly records: number;
}

/** @throws EsteiraError ESTEIRA_BROKER_UNAVAILABLE, ESTEIRA_TOPICS_DIFFER when the topic is missing */
export const lagOf = async (admin: BrokerAdmin, groupId: string, topic: string): Promise<TopicLag> => {
  const [ranges, offsets] = await Promise.all([
    admin.offsetRanges(topic),
    admin.committedOffsets(groupId, topic),
  ]);
  const committed = new Map(offsets.map(({ partition, offset }) => [partition, offset]));
  const partitions = ranges.map(({ partition, low, high }): PartitionLag => {
    const offset = committed.get(partition);
    const next = offset === undefined || offset < low ? low : offset;
    return { topic, partition, next: next > high ? high : next, high, isCommitted: offset !== undefined };
  });
  const records = partitions.reduce((sum, { next, high }) => sum + Number(high - next), 0);
  return { groupId, topic, partitions, records };
};

/** The oldest record that is not settled, by the time it carries; undefined when all are. */
export const oldestOf = async (
  admin: BrokerAdmin,
  { partitions }: TopicLag,
): Promise<ConsumedRecord | undefined> => {
  let oldest: ConsumedRecord | undefined;
  for (const { topic, partition, next, high } of partitions) {
    if (next >= high) continue;
    await admin.read({ topic, partition, from: next, to: high }, (record) => {
      if (oldest === undefined || record.timestampMs < oldest.timestampMs) oldest = record;
      return false;
    });
  }
  return oldest;
};
