import { createRequire } from 'node:module';
import { EsteiraError } from '../../core/errors.ts';
import { traitsOf } from './errors.ts';
import { type DecodedHeader, headerObject } from './headers.ts';

/** The only version whose internals were read and tested. */
export const KAFKAJS_VERSION = '2.2.4';

/** What the hardened consumer group tells the consumer it belongs to. */
export interface GroupHooks {
  /** The member is about to join again: nothing may be committed until the next assignment. */
  joining(): void;
  /** The group of the current kafkajs run; a restart after a crash brings another. */
  group(group: HookedGroup): void;
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
  joinAndSync(): Promise<void>;
  fetch(nodeId: string): Promise<readonly object[]>;
  heartbeat(options: { interval: number }): Promise<void>;
  recoverFromOffsetOutOfRange(error: { topic: string; partition: number }): Promise<void>;
}

const require = createRequire(import.meta.url);
const hooksByCluster = new WeakMap<object, GroupHooks>();
const connectsUnderWay = new WeakMap<object, Promise<unknown>>();
const joinsUnderWay = new WeakMap<object, Promise<void>>();
/** The assignment, known by its offset manager, that a batch was fetched under. */
const fetchedUnder = new WeakMap<object, object>();
let hardened = false;

/** Ties a kafkajs consumer, known by its cluster, to the hooks of ours. */
export const hookGroup = (cluster: object, hooks: GroupHooks): void => {
  hooksByCluster.set(cluster, hooks);
};

interface Queue {
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  checkPendingRequests(): void;
}

/** 2.2.4 re-arms a timer for ever on an idle connection, with a negative delay (about 900 wake-ups a second). */
const patchIdleTimer = (queue: { scheduleCheckPendingRequests(this: Queue): void }): void => {
  queue.scheduleCheckPendingRequests = function (this: Queue): void {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    const delayMs = Math.max(10, this.throttledUntil - Date.now());
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    }, delayMs);
  };
};

interface Connection {
  readonly socket?: { unref(): unknown } | null;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
}

/** A socket is let go once: kafkajs does it again at each failure and piles up listeners on a dead one. */
const patchDisconnect = (connection: Connection): void => {
  const original = connection.disconnect;
  connection.disconnect = async function (this: Connection): Promise<unknown> {
    const done = await original.call(this);
    const { socket } = this;
    if (socket) socket.unref = () => socket;
    return done;
  };
};

/** Connecting is single: several requests that find a connection gone each open a socket into the same object. */
const patchConnect = (connection: Connection): void => {
  const original = connection.connect;
  connection.connect = function (this: Connection): Promise<unknown> {
    const underWay = connectsUnderWay.get(this);
    if (underWay !== undefined) return underWay;
    const connect = original.call(this).finally(() => connectsUnderWay.delete(this));
    connectsUnderWay.set(this, connect);
    return connect;
  };
};

/** Joins are single: kafkajs joins from several fetchers at once when metadata is stale, without a lock. */
const patchJoin = (group: HookedGroup): void => {
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
const patchHeartbeat = (group: HookedGroup): void => {
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
const patchFetch = (group: HookedGroup): void => {
  const original = group.fetch;
  group.fetch = async function (this: HookedGroup, nodeId): Promise<readonly object[]> {
    const manager = this.offsetManager;
    if (!hooksByCluster.has(this.cluster) || manager === null) return original.call(this, nodeId);
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
const patchHandling = (runner: Runner): void => {
  const original = runner.handleBatch;
  runner.handleBatch = async function (this: Runner, batch): Promise<void> {
    const manager = fetchedUnder.get(batch);
    if (manager !== undefined && manager !== this.consumerGroup.offsetManager) return;
    return original.call(this, batch);
  };
};

/** kafkajs answers an offset out of range by committing "earliest" over the group's offset. Ours is told instead. */
const patchOutOfRange = (group: HookedGroup): void => {
  const original = group.recoverFromOffsetOutOfRange;
  group.recoverFromOffsetOutOfRange = async function (this: HookedGroup, error): Promise<void> {
    const hooks = hooksByCluster.get(this.cluster);
    if (hooks === undefined) return original.call(this, error);
    hooks.outOfRange(error.topic, error.partition);
  };
};

interface RecordDecoder {
  readVarIntArray(reader: unknown): DecodedHeader[] | { reduce(): object };
}

/** Keeps the wire order of headers, which the record decoder reduces into an object (see headers.ts). */
const patchHeaders = (decoder: RecordDecoder, headerReader: unknown): void => {
  const original = decoder.readVarIntArray;
  decoder.readVarIntArray = function (this: RecordDecoder, reader: unknown) {
    const read = original.call(this, reader);
    if (reader !== headerReader || !Array.isArray(read)) return read;
    return { reduce: () => headerObject(read) };
  };
};

const refuseOtherVersions = (): void => {
  const { version } = require('kafkajs/package.json');
  if (version === KAFKAJS_VERSION) return;
  throw new EsteiraError(
    'ESTEIRA_CONFIG_INVALID',
    `kafkajs ${KAFKAJS_VERSION} is required exactly, its internals are guarded: install that version.`,
    { facts: { found: String(version) } },
  );
};

/**
 * Applies the guards that kafkajs 2.2.4 needs inside, once a process. Consumers that are not Esteira's keep their
 * behaviour, but for the timer, single connects and headers with odd names.
 *
 * @throws EsteiraError ESTEIRA_CONFIG_INVALID when another version of kafkajs is installed.
 */
export const hardenClient = (): void => {
  if (hardened) return;
  refuseOtherVersions();
  patchIdleTimer(require('kafkajs/src/network/requestQueue').prototype);
  const Connection = require('kafkajs/src/network/connection');
  patchConnect(Connection.prototype);
  patchDisconnect(Connection.prototype);
  const ConsumerGroup = require('kafkajs/src/consumer/consumerGroup');
  patchJoin(ConsumerGroup.prototype);
  patchFetch(ConsumerGroup.prototype);
  patchHeartbeat(ConsumerGroup.prototype);
  patchOutOfRange(ConsumerGroup.prototype);
  patchHandling(require('kafkajs/src/consumer/runner').prototype);
  patchHeaders(
    require('kafkajs/src/protocol/decoder').prototype,
    require('kafkajs/src/protocol/recordBatch/header/v0/decoder'),
  );
  hardened = true;
};
