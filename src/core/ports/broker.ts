import type { EsteiraError } from '../errors.ts';
import type { ConsumedRecord, OutgoingRecord, RecordPosition, TopicPartition } from '../record.ts';

/**
 * The broker port. Two adapters implement it (Kafka and memory) and pass one contract suite
 * (test/contract/broker.ts).
 */
export interface Broker {
  /** A producer of its own connection(s); each record is acknowledged by all in-sync replicas. */
  createProducer(options?: ProducerOptions): Promise<RecordProducer>;
  /** A member of a consumer group; it does nothing until `run`. */
  createConsumer(options: ConsumerOptions): GroupConsumer;
  readonly admin: BrokerAdmin;
  /** Closes everything this broker made. Safe to call twice. */
  close(): Promise<void>;
}

export interface ProducerOptions {
  /** Bytes of keys, values and headers that may wait at once; default 32 MiB. */
  readonly maxBufferedBytes?: number;
  /** How long records wait for company before a batch leaves, ms; default 0 (what arrives during a flight is the next batch). */
  readonly lingerMs?: number;
  /** Topics whose batches may wait for company, so many ms, while records keep coming; the first ones never wait. */
  readonly gather?: { readonly topics: readonly string[]; readonly ms: number };
}

export interface SendOptions {
  /**
   * How long the caller waits for the acknowledgement, ms; without it the caller waits as long as it takes.
   * When it runs out the call fails with ESTEIRA_PUBLISH_UNKNOWN: the record may still be written, now or later.
   */
  readonly deadlineMs?: number;
  /**
   * Whether the record may wait for the next tick of a common clock, 25 ms apart, so that what is not urgent shares
   * requests; default false. An urgent record of its partition takes it along.
   */
  readonly mayWait?: boolean;
}

/** Told once what became of a posted record: the error, or, without one, where it stands in the log. */
export type PostAnswer = (error: EsteiraError | undefined, position?: RecordPosition) => void;

/** Writes records. Order is kept per partition in the order of the calls. */
export interface RecordProducer {
  /**
   * Resolves when the record is acknowledged by all in-sync replicas.
   *
   * @throws EsteiraError ESTEIRA_PUBLISH_UNKNOWN (deadline), ESTEIRA_BUFFER_FULL (no room before the deadline, or at
   *   once without one: nothing was written), ESTEIRA_RECORD_TOO_LARGE (nothing was written), ESTEIRA_CLOSED.
   */
  send(record: OutgoingRecord, options?: SendOptions): Promise<RecordPosition>;
  /**
   * As `send` without a deadline, for tens of thousands of records a second: no promise is made. `done` is called
   * exactly once, never before `post` has returned, also for what is refused. A `done` that throws keeps no other from
   * its answer; what it threw becomes an uncaught exception of the process.
   */
  post(record: OutgoingRecord, done: PostAnswer): void;
  /** Resolves when everything handed over before, by `send` or `post`, is acknowledged or has failed. */
  flush(): Promise<void>;
  /** Flushes for at most `timeoutMs` (default 5 s), then closes; what is left fails with ESTEIRA_PUBLISH_UNKNOWN. */
  close(timeoutMs?: number): Promise<void>;
}

export interface ConsumerOptions {
  readonly groupId: string;
  /** What is urgent comes first: where more waits than one answer to a fetch holds, it is filled in this order. */
  readonly topics: readonly string[];
  /** Longest wait of a fetch for data, ms; default 250. */
  readonly maxWaitMs?: number;
  /** Session time-out of the group, ms; default 30,000. */
  readonly sessionTimeoutMs?: number;
}

/** A number that grows by one at every assignment of this consumer; a batch belongs to the one it was fetched in. */
export type Epoch = number;

export interface Assignment {
  readonly epoch: Epoch;
  /** All partitions this member owns now. */
  readonly partitions: readonly TopicPartition[];
  /** The committed next offset of each owned partition, with the metadata written beside it. */
  readonly committed: readonly CommittedOffset[];
  /** False when the group took this process for a new member: nothing of earlier assignments may be kept. */
  readonly sameMember: boolean;
}

export interface CommittedOffset extends TopicPartition {
  /** The next offset to read. */
  readonly offset: bigint;
  readonly metadata: string;
}

/** Why a partition cannot be read from where the group stands. */
export interface OffsetProblem extends TopicPartition {
  readonly problem: 'missing' | 'out-of-range';
  /** The group's next offset; absent when missing. */
  readonly committed?: bigint;
  /** First and end offset of the log. */
  readonly low: bigint;
  readonly high: bigint;
}

export interface FetchedBatch extends TopicPartition {
  readonly epoch: Epoch;
  /** In offset order; offsets may have gaps. Never empty. */
  readonly records: readonly ConsumedRecord[];
  /** The end offset of the partition when it was fetched, for lag. */
  readonly highWatermark: bigint;
}

/** What the engine gives the consumer. None of these may throw; all are called one after the other. */
export interface ConsumerListener {
  /** The set of owned partitions, each time it is (re)assigned, before any batch of that epoch. */
  onAssigned(assignment: Assignment): void;
  /** Records handed over once per epoch; what was handed over in an earlier epoch may come again after a rebalance. */
  onBatch(batch: FetchedBatch): void;
  /** Partitions that will not be read: no committed offset, or one outside the log. Nothing of them is delivered. */
  onOffsetProblem(problems: readonly OffsetProblem[]): void;
  /** The client gave up and will not come back by itself: the process should end in order. */
  onCrash(error: Error): void;
}

/** A group member. It never commits by itself and never moves past what it handed over. */
export interface GroupConsumer {
  /** Joins the group and starts handing over; resolves after the first assignment was made. */
  run(listener: ConsumerListener): Promise<void>;
  /** Stops fetching of these partitions; survives neither a loss of the partition nor a new member id. */
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /**
   * Commits next offsets. Drops, without error, what is not owned, what is not above the last commit, and everything
   * while the group rebalances: the caller commits again later. Resolves with what the broker accepted.
   *
   * @throws EsteiraError ESTEIRA_BROKER_UNAVAILABLE when the broker did not take it: commit again later.
   */
  commit(offsets: readonly CommittedOffset[]): Promise<readonly CommittedOffset[]>;
  /** Leaves the group. Commits made before are kept; the listener is not called any more. */
  stop(): Promise<void>;
}

/** What a topic should be. */
export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Kafka topic configuration, e.g. `retention.ms`, as strings. */
  readonly config: Readonly<Record<string, string>>;
}

/** What a topic is; `config` holds only keys that differ from the broker's defaults. */
export type TopicDescription = TopicSpec;

export interface OffsetRange extends TopicPartition {
  readonly low: bigint;
  readonly high: bigint;
}

export interface BrokerAdmin {
  /** Every topic that may be seen. */
  topicNames(): Promise<readonly string[]>;
  /** Undefined for topics that do not exist. */
  describeTopics(topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>>;
  /** Creates topics; one that exists is left as it is. */
  createTopics(specs: readonly TopicSpec[]): Promise<void>;
  /** Sets these configuration keys of an existing topic. */
  alterTopicConfig(topic: string, config: Readonly<Record<string, string>>): Promise<void>;
  /** Gives an existing topic so many partitions, more than it has. Its keys belong to other partitions then. */
  growTopic(topic: string, partitions: number): Promise<void>;
  /** Deletes topics with all they hold; one that does not exist is no error. */
  deleteTopics(topics: readonly string[]): Promise<void>;
  /** First and end offsets of each partition of the topic. */
  offsetRanges(topic: string): Promise<readonly OffsetRange[]>;
  /** Per partition, the first offset whose record time is at or after `timestampMs`, else the end offset. */
  offsetsAt(topic: string, timestampMs: number): Promise<readonly RecordPosition[]>;
  /** Committed offsets of the group for a topic; partitions without one are absent. */
  committedOffsets(groupId: string, topic: string): Promise<readonly CommittedOffset[]>;
  /** Writes offsets for a group without members. */
  setCommittedOffsets(groupId: string, offsets: readonly CommittedOffset[]): Promise<void>;
  /** How many live members each of these groups has; 0 for one that does not exist. */
  memberCounts(groupIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Reads [from, to) of one partition without a group, in order, until the listener returns false. */
  read(
    range: TopicPartition & { readonly from: bigint; readonly to: bigint },
    onRecord: (record: ConsumedRecord) => boolean,
  ): Promise<void>;
  /** The number of live brokers; rejects with ESTEIRA_SERVICE_UNREACHABLE. */
  brokerCount(): Promise<number>;
}
