import type { AppTopic, TopicRole } from '../../core/app-topics.ts';
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

/** An own topic with another number of partitions than the app says. */
export interface PartitionChange {
  readonly topic: string;
  readonly role: TopicRole;
  readonly from: number;
  readonly to: number;
}

/** Something that cannot be done, or must not: nothing at all is applied while there is one. */
export interface Refusal {
  /** The topic, group or variable it is about. */
  readonly subject: string;
  /** One sentence, without the subject. */
  readonly why: string;
  readonly todo: string;
}

/** A topic named as this app names its own, and that the app does not know. */
export interface OrphanedTopic {
  readonly topic: string;
  readonly kind: OrphanKind;
  /** Records nobody of its group has settled; of a DLQ, which nobody reads, all there are. */
  readonly records: number;
  /** Live members of the group that reads it: another version of the app runs. */
  readonly members: number;
}

export type OrphanKind = 'tier' | 'inbox' | 'waiting topic' | 'DLQ';

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
  /** Own topics that are to have more partitions. */
  readonly grow: readonly PartitionChange[];
  /** Own topics that have more partitions than the app says; Kafka takes none away. */
  readonly shrink: readonly PartitionChange[];
  /** What no `topics apply` can change: the number of replicas. */
  readonly refused: readonly Refusal[];
  /** Every topic of the app that exists, as it is. */
  readonly existing: readonly TopicDescription[];
}

/** What `topics apply` would do. */
export interface TopicPlan extends Omit<TopicComparison, 'shrink'> {
  readonly firstOffsets: readonly FirstOffsets[];
  readonly outOfRange: readonly OffsetOutOfRange[];
  /** Topics left behind by what the app had once; they stay, unless `drop` has them too. */
  readonly orphans: readonly OrphanedTopic[];
  /** Orphaned topics to be deleted, with all they hold. */
  readonly drop: readonly string[];
}

export interface TopicOptions {
  /** Default: 3, or the number of live brokers if fewer, for topics to be created; existing ones keep theirs. */
  readonly replicationFactor?: number;
}

export interface PlanOptions extends TopicOptions {
  /** Grows topics with records whose keys are kept together, too; what that does to their order is in the plan. Default false. */
  readonly allowRekey?: boolean;
  /** Deletes orphaned topics that hold nothing anybody waits for; refused where one does. Default false. */
  readonly dropOrphans?: boolean;
  /** Sets offsets that are outside the log to the first record there is; what lies between is given up. Default false. */
  readonly repairOffsets?: boolean;
}

/** Whether there is nothing to do and nothing wrong. What is left behind by an earlier app is nothing to do. */
export const isSettled = (plan: TopicPlan): boolean =>
  [plan.create, plan.alter, plan.grow, plan.refused, plan.firstOffsets, plan.outOfRange, plan.drop].every(
    (list) => list.length === 0,
  );

/** A refusal as one sentence. */
export const refusalWords = ({ subject, why, todo }: Refusal): string => `${subject} ${why}: ${todo}`;

/** What a plan does that nobody can take back: deletes topics, gives records up, or breaks the order of keys once. */
export const riskOf = (
  { drop, outOfRange, grow }: TopicPlan,
  { allowRekey = false, repairOffsets = false }: PlanOptions,
): Readonly<Record<string, string>> => {
  const risks = {
    deleted: drop,
    rekeyed: allowRekey ? grow.map(({ topic, from, to }) => `${topic} ${from} to ${to}`) : [],
    repaired: repairOffsets
      ? outOfRange.map(({ groupId, topic, partition }) => `${groupId} ${topic}/${partition}`)
      : [],
  };
  return Object.fromEntries(
    Object.entries(risks).flatMap(([name, list]) => (list.length === 0 ? [] : [[name, list.join(', ')]])),
  );
};
