import type { TopicPartition } from '../core/record.ts';
import type { Spread } from '../core/spread.ts';
import type { ParkedFacts } from './partition-home.ts';
import type { PartitionSet } from './partition-set.ts';
import type { StateTally } from './state-tally.ts';
import type { TopicTally } from './topic-tally.ts';

/** How a worker stands with one of its partitions. */
export interface PartitionFacts extends TopicPartition {
  /** The first offset that is not settled. */
  readonly next: bigint;
  /** The end of the partition when something was last fetched of it. */
  readonly end: bigint;
  /** Whether nothing is fetched for now: then `end` grows old. */
  readonly isPaused: boolean;
  /** The record time of the first that was fetched and is not settled, epoch ms; undefined when there is none. */
  readonly oldestMs: number | undefined;
  /** Of a waiting topic: what waits there. */
  readonly parked: ParkedFacts | undefined;
}

/** Starts that are stopped: of a whole job type, or of one tenant in it. */
export interface SuspensionFacts {
  readonly scope: 'type' | 'tenant';
  /** Epoch ms. */
  readonly sinceMs: number;
}

interface GroupFacts {
  /** The consumer group. */
  readonly name: string;
  readonly partitions: readonly PartitionFacts[];
  /** What was counted since the worker began, by topic. */
  readonly topics: ReadonlyMap<string, TopicTally>;
}

/** What the worker of a job type says of itself, for metrics. Made when somebody asks, not while jobs run. */
export interface JobWorkerFacts extends GroupFacts {
  readonly kind: 'job';
  readonly jobType: string;
  readonly queue: string;
  readonly running: number;
  readonly state: Pick<StateTally, 'claims' | 'leaseLosses'>;
  readonly suspensions: readonly SuspensionFacts[];
  /** Whether an operator has paused the job type, or its queue. */
  readonly isPaused: boolean;
}

/** What the relay of a tier says of itself. */
export interface RelayFacts extends GroupFacts {
  readonly kind: 'relay';
  readonly tierMs: number;
  /** How late records were forwarded, seconds. */
  readonly lateness: Spread;
  /** When the oldest record that is due was due, epoch ms; undefined when none is. */
  readonly overdueSinceMs: number | undefined;
}

export type WorkerFacts = JobWorkerFacts | RelayFacts;

/** How a worker stands with its partitions. */
export const partitionFacts = (partitions: PartitionSet): readonly PartitionFacts[] =>
  [...partitions.homes].map((home) => ({
    ...home.at,
    ...{ next: home.committable, end: home.end, isPaused: home.paused },
    ...{ oldestMs: home.watermark.oldestMs, parked: home.driver?.parked },
  }));
