import type { AppDefinition } from '../../core/app.ts';
import { groupsOf } from '../../core/app-topics.ts';
import type { StartFrom } from '../../core/job.ts';
import type { BrokerAdmin, CommittedOffset, OffsetRange } from '../../core/ports/broker.ts';
import type { RecordPosition } from '../../core/record.ts';
import type { FirstOffsets, OffsetOutOfRange, PartitionChange, TopicPlan } from './topic-plan.ts';

/** What a group lacks on a topic. */
export interface GroupGap {
  readonly groupId: string;
  readonly topic: string;
  readonly partitions: readonly number[];
  /** Where it starts; the beginning where the group reads the topic already and the partitions are new to it. */
  readonly from: StartFrom;
}

/** A group on a topic that exists, with what it has committed there. */
interface GroupReading {
  readonly groupId: string;
  readonly topic: string;
  readonly from: StartFrom;
  readonly committed: readonly CommittedOffset[];
}

const groupStarts = (app: AppDefinition, topics: ReadonlySet<string>) =>
  groupsOf(app).flatMap(({ groupId, starts }) =>
    starts.filter(({ topic }) => topics.has(topic)).map((start) => ({ groupId, ...start })),
  );

const readGroups = (
  app: AppDefinition,
  admin: BrokerAdmin,
  topics: ReadonlySet<string>,
): Promise<readonly GroupReading[]> =>
  Promise.all(
    groupStarts(app, topics).map(async (start) => ({
      ...start,
      committed: await admin.committedOffsets(start.groupId, start.topic),
    })),
  );

const sum = (amounts: readonly bigint[]): number =>
  Number(amounts.reduce((total, amount) => total + amount, 0n));

const startOffsets = async (
  admin: BrokerAdmin,
  gap: GroupGap,
  ranges: readonly OffsetRange[],
): Promise<readonly RecordPosition[]> => {
  const { topic, from } = gap;
  if (from instanceof Date) {
    const found = await admin.offsetsAt(topic, from.getTime());
    return found.filter(({ partition }) => gap.partitions.includes(partition));
  }
  return ranges
    .filter(({ partition }) => gap.partitions.includes(partition))
    .map(({ partition, low, high }) => ({ topic, partition, offset: from === 'now' ? high : low }));
};

const fromName = (from: StartFrom): string => (from instanceof Date ? from.toISOString() : from);

const planStart = async (
  admin: BrokerAdmin,
  gap: GroupGap,
  ranges: readonly OffsetRange[],
): Promise<FirstOffsets> => {
  const offsets = await startOffsets(admin, gap, ranges);
  const rangeOf = (partition: number): OffsetRange | undefined =>
    ranges.find((one) => one.partition === partition);
  return {
    groupId: gap.groupId,
    topic: gap.topic,
    from: fromName(gap.from),
    offsets,
    waiting: sum(offsets.map(({ partition, offset }) => (rangeOf(partition)?.high ?? offset) - offset)),
    skipped: sum(offsets.map(({ partition, offset }) => offset - (rangeOf(partition)?.low ?? offset))),
  };
};

const gapOf = (reading: GroupReading, partitions: number): readonly GroupGap[] => {
  const { groupId, topic, from, committed } = reading;
  const known = new Set(committed.map(({ partition }) => partition));
  const missing = Array.from({ length: partitions }, (_, index) => index).filter((one) => !known.has(one));
  if (missing.length === 0) return [];
  // A group that reads the topic already must not jump over partitions added since.
  return [{ groupId, topic, partitions: missing, from: committed.length > 0 ? 'beginning' : from }];
};

const outOfRangeOf = (reading: GroupReading, ranges: readonly OffsetRange[]): readonly OffsetOutOfRange[] =>
  ranges.flatMap(({ topic, partition, low, high }) => {
    const at = reading.committed.find((one) => one.partition === partition);
    if (at === undefined || (at.offset >= low && at.offset <= high)) return [];
    return [{ groupId: reading.groupId, topic, partition, committed: at.offset, low, high }];
  });

/**
 * The groups of the app that lack offsets on topics that exist (given with their number of partitions).
 *
 * @throws EsteiraError ESTEIRA_SERVICE_UNREACHABLE
 */
export const findGaps = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  partitionCounts: ReadonlyMap<string, number>,
): Promise<readonly GroupGap[]> => {
  const readings = await readGroups(app, admin, new Set(partitionCounts.keys()));
  return readings.flatMap((reading) => gapOf(reading, partitionCounts.get(reading.topic) ?? 0));
};

const startsOnNewPartitions = (
  app: AppDefinition,
  partitions: ReadonlyMap<string, readonly number[]>,
): readonly FirstOffsets[] =>
  groupStarts(app, new Set(partitions.keys())).map(({ groupId, topic }) => ({
    groupId,
    topic,
    from: 'beginning',
    offsets: (partitions.get(topic) ?? []).map((partition) => ({ topic, partition, offset: 0n })),
    waiting: 0,
    skipped: 0,
  }));

const numbers = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** First offsets on topics that do not exist yet: their beginning. */
export const startsOnNewTopics = (
  app: AppDefinition,
  partitionCounts: ReadonlyMap<string, number>,
): readonly FirstOffsets[] =>
  startsOnNewPartitions(
    app,
    new Map([...partitionCounts].map(([topic, count]) => [topic, numbers(0, count)])),
  );

/** First offsets on partitions that are to be added: their beginning. */
export const startsOnGrownTopics = (
  app: AppDefinition,
  grow: readonly PartitionChange[],
): readonly FirstOffsets[] =>
  startsOnNewPartitions(app, new Map(grow.map(({ topic, from, to }) => [topic, numbers(from, to)])));

/** First offsets for the gaps, and what is out of range, on topics that exist. */
export const planOffsets = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  topics: readonly string[],
): Promise<Pick<TopicPlan, 'firstOffsets' | 'outOfRange'>> => {
  const readings = await readGroups(app, admin, new Set(topics));
  const read = [...new Set(readings.map(({ topic }) => topic))];
  const ranges = new Map(
    await Promise.all(read.map(async (topic) => [topic, await admin.offsetRanges(topic)] as const)),
  );
  const rangesOf = (topic: string): readonly OffsetRange[] => ranges.get(topic) ?? [];
  const gaps = readings.flatMap((reading) => gapOf(reading, rangesOf(reading.topic).length));
  return {
    firstOffsets: await Promise.all(gaps.map((gap) => planStart(admin, gap, rangesOf(gap.topic)))),
    outOfRange: readings.flatMap((reading) => outOfRangeOf(reading, rangesOf(reading.topic))),
  };
};
