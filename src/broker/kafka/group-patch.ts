import { traitsOf } from './errors.ts';
import { readOwnFetches } from './fetch-answer.ts';
import { fetchBySessions } from './session-fetch.ts';

/** What the hardened consumer group tells the consumer it belongs to. */
export interface GroupHooks {
  /** The member is about to join again: nothing may be committed until the next assignment. */
  joining(): void;
  /** The group of the current kafkajs run; a restart after a crash brings another. */
  group(group: HookedGroup): void;
  /** How long the next fetch may wait for data, ms. */
  fetchWaitMs(): number;
  /** The broker no longer has (or never had) the offset to be fetched. */
  outOfRange(topic: string, partition: number): void;
}

/** The offset manager of one assignment: it commits under the generation it was made for. */
export interface OffsetManagerOfAssignment {
  coordinator: object;
  commitOffsets(offsets: {
    topics: readonly {
      topic: string;
      partitions: readonly { partition: number; offset: string; metadata: string }[];
    }[];
  }): Promise<void>;
}

/** kafkajs' consumer group, as far as it is used here. */
export interface HookedGroup {
  readonly cluster: { findGroupCoordinator(group: { groupId: string }): Promise<object> };
  readonly groupId: string;
  readonly offsetManager: OffsetManagerOfAssignment | null;
  coordinator: object | null;
  maxWaitTime: number;
  joinAndSync(): Promise<void>;
  fetch(nodeId: string): Promise<readonly object[]>;
  heartbeat(options: { interval: number }): Promise<void>;
  recoverFromOffsetOutOfRange(error: { topic: string; partition: number }): Promise<void>;
}

const hooksByCluster = new WeakMap<object, GroupHooks>();
const joinsUnderWay = new WeakMap<object, Promise<void>>();
/** The assignment, known by its offset manager, that a batch was fetched under. */
const fetchedUnder = new WeakMap<object, object>();

/** Ties a kafkajs consumer, known by its cluster, to the hooks of ours; it fetches by sessions, read by ours. */
export const hookGroup = (cluster: object, hooks: GroupHooks): void => {
  hooksByCluster.set(cluster, hooks);
  readOwnFetches(cluster);
  fetchBySessions(cluster);
};

/** Joins are single: kafkajs joins from several fetchers at once when metadata is stale, without a lock. */
export const patchJoin = (group: HookedGroup): void => {
  const original = group.joinAndSync;
  group.joinAndSync = function (this: HookedGroup): Promise<void> {
    const hooks = hooksByCluster.get(this.cluster);
    if (hooks === undefined) return original.call(this);
    const underWay = joinsUnderWay.get(this);
    if (underWay !== undefined) return underWay;
    hooks.joining();
    hooks.group(this);
    const join = original.call(this).finally(() => joinsUnderWay.delete(this));
    joinsUnderWay.set(this, join);
    return join;
  };
};

/** The coordinator has moved or cannot be reached; the group, its members and generation live on elsewhere. */
const COORDINATOR_GONE = new Set([
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
]);

/**
 * Finds the group's coordinator anew when an error says that it is gone. kafkajs keeps asking the dead one, or
 * rejoins, which stops the whole group.
 *
 * @returns whether the same request may be tried again.
 */
export const findCoordinatorAnew = async (group: HookedGroup, error: unknown): Promise<boolean> => {
  const { type, name } = traitsOf(error);
  if (!COORDINATOR_GONE.has(type ?? name)) return false;
  const manager = group.offsetManager;
  try {
    const coordinator = await group.cluster.findGroupCoordinator({ groupId: group.groupId });
    group.coordinator = coordinator;
    if (manager !== null) manager.coordinator = coordinator;
    return true;
  } catch {
    // Whoever asked still has the error that made it look.
    return false;
  }
};

/** A heartbeat that did not reach the coordinator is sent again with the next fetch, to where the group lives now. */
export const patchHeartbeat = (group: HookedGroup): void => {
  const original = group.heartbeat;
  group.heartbeat = async function (this: HookedGroup, options): Promise<void> {
    try {
      await original.call(this, options);
    } catch (error) {
      if (!hooksByCluster.has(this.cluster) || !(await findCoordinatorAnew(this, error))) throw error;
    }
  };
};

/**
 * Remembers for which assignment a batch was fetched. An error of a fetch whose assignment has ended meanwhile is
 * dropped: in the middle of a rejoin kafkajs reads a topic it has no more, and a TypeError ends its consumer for good.
 */
export const patchFetch = (group: HookedGroup): void => {
  const original = group.fetch;
  group.fetch = async function (this: HookedGroup, nodeId): Promise<readonly object[]> {
    const manager = this.offsetManager;
    const hooks = hooksByCluster.get(this.cluster);
    if (hooks === undefined || manager === null) return original.call(this, nodeId);
    this.maxWaitTime = hooks.fetchWaitMs();
    try {
      const batches = await original.call(this, nodeId);
      for (const batch of batches) fetchedUnder.set(batch, manager);
      return batches;
    } catch (error) {
      if (this.offsetManager !== manager) return [];
      throw error;
    }
  };
};

interface Runner {
  readonly consumerGroup: HookedGroup;
  handleBatch(batch: object): Promise<void>;
}

/**
 * A batch that waited in the queue while the member rejoined is not handled: kafkajs would resolve it into the new
 * assignment, whose position it would move past records nobody saw (a batch of control records even by itself).
 */
export const patchHandling = (runner: Runner): void => {
  const original = runner.handleBatch;
  runner.handleBatch = async function (this: Runner, batch): Promise<void> {
    const manager = fetchedUnder.get(batch);
    if (manager !== undefined && manager !== this.consumerGroup.offsetManager) return;
    return original.call(this, batch);
  };
};

/** kafkajs answers an offset out of range by committing "earliest" over the group's offset. Ours is told instead. */
export const patchOutOfRange = (group: HookedGroup): void => {
  const original = group.recoverFromOffsetOutOfRange;
  group.recoverFromOffsetOutOfRange = async function (this: HookedGroup, error): Promise<void> {
    const hooks = hooksByCluster.get(this.cluster);
    if (hooks === undefined) return original.call(this, error);
    hooks.outOfRange(error.topic, error.partition);
  };
};
