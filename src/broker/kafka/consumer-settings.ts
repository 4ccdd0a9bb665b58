import type { ConsumerConfig } from 'kafkajs';
import type { ConsumerOptions } from '../../core/ports/broker.ts';

const MAX_WAIT_MS = 250;
const SESSION_TIMEOUT_MS = 30_000;
const HEARTBEAT_MS = 3_000;
/** Small answers keep a round of the fetch loop short: it waits for all partitions of a broker. */
const MAX_BYTES_PER_PARTITION = 256 * 1024;
const MAX_BYTES = 2 * 1024 * 1024;
/** kafkajs counts errors over the whole session and then leaves the group to join anew, so it must not be few. */
const RETRIES = 30;

/** How long members may take to join again in a rebalance, ms. */
export const REBALANCE_TIMEOUT_MS = 60_000;

/** The session time-out of these options, ms. */
export const sessionTimeoutOf = (options: ConsumerOptions): number =>
  options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS;

/** How long a fetch of these options may wait for data, ms. */
export const maxWaitOf = (options: ConsumerOptions): number => options.maxWaitMs ?? MAX_WAIT_MS;

/** kafkajs' settings of a guarded consumer. */
export const consumerSettings = (
  options: ConsumerOptions,
  mayRestart: () => boolean,
): Omit<ConsumerConfig, 'partitionAssigners'> => ({
  groupId: options.groupId,
  sessionTimeout: sessionTimeoutOf(options),
  rebalanceTimeout: REBALANCE_TIMEOUT_MS,
  heartbeatInterval: Math.min(HEARTBEAT_MS, Math.floor(sessionTimeoutOf(options) / 3)),
  maxWaitTimeInMs: maxWaitOf(options),
  minBytes: 1,
  maxBytes: MAX_BYTES,
  maxBytesPerPartition: MAX_BYTES_PER_PARTITION,
  allowAutoTopicCreation: false,
  retry: {
    retries: RETRIES,
    initialRetryTime: 100,
    maxRetryTime: 1_000,
    restartOnFailure: async () => mayRestart(),
  },
});
