import type { ConnectionOptions } from 'node:tls';
import { type ISocketFactory, Kafka, logLevel, type SASLOptions } from 'kafkajs';
import type { BrokerLog } from '../../core/ports/log.ts';
import { hardenClient } from './client-patch.ts';
import { bridgeLog } from './logging.ts';

/** How to reach Kafka; validated by src/config. */
export interface KafkaBrokerConfig {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl?: ConnectionOptions | boolean;
  readonly sasl?: SASLOptions;
  /** Default 5,000. */
  readonly connectionTimeoutMs?: number;
  /** Longest wait for one answer of a broker, ms; default 10,000. */
  readonly requestTimeoutMs?: number;
  /** Makes the sockets; tests put faults there. */
  readonly socketFactory?: ISocketFactory;
}

/** Default of {@link KafkaBrokerConfig.connectionTimeoutMs}. */
export const CONNECTION_TIMEOUT_MS = 5_000;
/** Default of {@link KafkaBrokerConfig.requestTimeoutMs}. */
export const REQUEST_TIMEOUT_MS = 10_000;

/**
 * A kafkajs client. Each producer, consumer and admin takes one of its own: kafkajs shares the committed offsets of
 * a group among all consumers of one client, so two members of a group in one process would read each other's.
 */
export const makeClient = (config: KafkaBrokerConfig, log: BrokerLog): Kafka => {
  hardenClient();
  return new Kafka({
    brokers: [...config.brokers],
    clientId: config.clientId,
    connectionTimeout: config.connectionTimeoutMs ?? CONNECTION_TIMEOUT_MS,
    requestTimeout: config.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    retry: { retries: Math.max(3, config.brokers.length), initialRetryTime: 100, maxRetryTime: 1_000 },
    logLevel: logLevel.WARN,
    logCreator: bridgeLog(log),
    ...(config.socketFactory === undefined ? {} : { socketFactory: config.socketFactory }),
    ...(config.ssl === undefined ? {} : { ssl: config.ssl }),
    // A copy: kafkajs writes its authenticator into it, which then goes with every copy, password and all.
    ...(config.sasl === undefined ? {} : { sasl: { ...config.sasl } }),
  });
};
