import { type ErrorCode, EsteiraError } from '../../core/errors.ts';
import type { TopicPartition } from '../../core/record.ts';
import type { MemoryCluster } from './cluster.ts';

/** What tests can make a memory cluster do that real ones do by accident. */
export interface MemoryFaults {
  /**
   * Records are written, but no acknowledgement comes, for one topic or for all, until {@link releaseAcks}. A broker
   * on a clock that stands still does not end its closing before.
   */
  holdAcks(topic?: string): void;
  /** Gives all acknowledgements held back, in order, and holds no more. */
  releaseAcks(): void;
  /** Sends to the topic fail with this code (default ESTEIRA_PUBLISH_UNKNOWN) and nothing is written. */
  failSends(topic: string, code?: ErrorCode): void;
  /** Ends {@link failSends}. */
  healSends(topic: string): void;
  /** Whether commits fail with ESTEIRA_BROKER_UNAVAILABLE. */
  failCommits(fail: boolean): void;
  /** Drops records below `before`, as retention does. */
  deleteRecords(at: TopicPartition, before: bigint): void;
  /** Leaves `count` offsets without a record, as compaction and transactions do. */
  skipOffsets(at: TopicPartition, count: number): void;
  /** Makes the group assign anew; `newMembers` as if each had been thrown out and had come back. */
  rebalance(groupId: string, options?: { newMembers?: boolean }): void;
  /** Every member's client gives up with ESTEIRA_BROKER_UNAVAILABLE. */
  crash(groupId: string): void;
}

/** The fault switches of a cluster. They hold for every broker made with it. */
export const memoryFaults = (cluster: MemoryCluster): MemoryFaults => ({
  holdAcks: (topic) => cluster.switches.hold(topic),
  releaseAcks: () => cluster.switches.release(),
  failSends: (topic, code = 'ESTEIRA_PUBLISH_UNKNOWN') => cluster.switches.sendFailures.set(topic, code),
  healSends: (topic) => cluster.switches.sendFailures.delete(topic),
  failCommits: (fail) => {
    cluster.switches.commitsFail = fail;
  },
  deleteRecords: (at, before) => cluster.topic(at.topic).log(at.partition).deleteBefore(Number(before)),
  skipOffsets: (at, count) => cluster.topic(at.topic).log(at.partition).skip(count),
  rebalance: (groupId, { newMembers = false } = {}) => {
    if (newMembers) cluster.group(groupId).forgetMembers();
    cluster.group(groupId).rebalance();
  },
  crash: (groupId) => {
    const error = new EsteiraError(
      'ESTEIRA_BROKER_UNAVAILABLE',
      'the client gave up: a fault switch made it',
    );
    for (const member of cluster.group(groupId).members) member.crash(error);
  },
});
