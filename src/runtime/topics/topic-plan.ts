import type { AppTopic } from '../../core/app-topics.ts';
import type { TopicDescription } from '../../core/ports/broker.ts';
import type { RecordPosition, TopicPartition } from '../../core/record.ts';

/** A setting of an existing topic that is not as the app says. */
export interface ConfigChange {
  readonly topic: string;
  readonly key: string;
  /** Absent: the broker's default. */
  readonly from?: string;
  readonly to: string;
}

/** Where a group without offsets on a topic is to start. */
export interface FirstOffsets {
  readonly groupId: string;
  readonly topic: string;
  /** `beginning`, `now`, or the time asked for in ISO 8601. */
  readonly from: string;
  readonly offsets: readonly RecordPosition[];
  /** Records the group will find waiting. */
  readonly waiting: number;
  /** Records on the topic the group will never read. */
  readonly skipped: number;
}

/** A group's next offset that is outside the log: records were lost to it, or the topic was made anew. */
export interface OffsetOutOfRange extends TopicPartition {
  readonly groupId: string;
  readonly committed: bigint;
  readonly low: bigint;
  readonly high: bigint;
}

/** How the topics compare with what the app says. */
export interface TopicComparison {
  readonly create: readonly AppTopic[];
  readonly alter: readonly ConfigChange[];
  /** What `topics apply` cannot change: one sentence each, saying what to do. */
  readonly problems: readonly string[];
  /** Every topic of the app that exists, as it is. */
  readonly existing: readonly TopicDescription[];
}

/** What `topics apply` would do. */
export interface TopicPlan extends TopicComparison {
  readonly firstOffsets: readonly FirstOffsets[];
  readonly outOfRange: readonly OffsetOutOfRange[];
}

export interface TopicOptions {
  /** Default: 3, or the number of live brokers if fewer, for topics to be created; existing ones keep theirs. */
  readonly replicationFactor?: number;
}

/** Whether there is nothing to do and nothing wrong. */
export const isSettled = (plan: TopicPlan): boolean =>
  [plan.create, plan.alter, plan.problems, plan.firstOffsets, plan.outOfRange].every(
    (list) => list.length === 0,
  );
