import type { BrokerMetadata, Kafka } from 'kafkajs';
import { EsteiraError } from '../../core/errors.ts';

/**
 * The parts of kafkajs 2.2.4 below its public producer and admin that this folder uses, as they are in that version
 * (client-patch.ts refuses any other). The public `send` loses acknowledged records (ADR 0002), so the producer
 * speaks to the broker objects itself.
 */
export interface RawConnection {
  readonly clientId: string;
  readonly sasl: object | null;
  readonly socket: { write(bytes: Buffer): unknown };
  isAuthenticated(): boolean;
  authenticate(): Promise<void>;
  failIfNotConnected(): void;
  nextCorrelationId(): number;
  readonly requestQueue: {
    push(request: {
      readonly entry: {
        readonly apiKey: number;
        readonly apiName: string;
        readonly apiVersion: number;
        readonly correlationId: number;
        resolve(answer: { readonly payload: Buffer }): void;
        reject(error: unknown): void;
      };
      readonly expectResponse: boolean;
      readonly requestTimeout: number | null;
      sendRequest(): void;
    }): void;
    maybeThrottle(throttleMs: number): void;
  };
}

/** One partition of a fetch answer, before filtering. */
export interface RawPartitionData {
  readonly partition: number;
  readonly highWatermark: string;
  readonly lastStableOffset?: string;
  readonly abortedTransactions: readonly unknown[];
  readonly messages: readonly unknown[];
}

/** A topic with partitions as the group requests give and take it. */
interface RawTopicOffsets {
  readonly topic: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly offset?: string;
    readonly metadata?: string | null;
    readonly timestamp?: string;
  }[];
}

/** A broker connection of kafkajs. */
export interface RawBroker {
  metadata(topics: string[]): Promise<BrokerMetadata>;
  fetch(request: object): Promise<{ responses: { topicName: string; partitions: RawPartitionData[] }[] }>;
  listOffsets(request: object): Promise<{
    responses: { topic: string; partitions: { partition: number; offset: string }[] }[];
  }>;
  offsetFetch(request: object): Promise<{
    responses: {
      topic: string;
      partitions: { partition: number; offset: string; metadata: string | null }[];
    }[];
  }>;
  offsetCommit(request: {
    groupId: string;
    memberId: string;
    groupGenerationId: number;
    topics: readonly RawTopicOffsets[];
  }): Promise<unknown>;
  describeGroups(request: {
    groupIds: readonly string[];
  }): Promise<{ groups: { groupId: string; members: readonly unknown[] }[] }>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
  initProducerId(request: {
    transactionTimeout: number;
  }): Promise<{ producerId: string; producerEpoch: number }>;
  readonly connectionPool: { getConnection(index: number): Promise<RawConnection> };
}

/** A cluster of kafkajs: its connections and what it knows of the brokers. */
export interface RawCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  findBroker(node: { nodeId: string }): Promise<RawBroker>;
  findGroupCoordinator(group: { groupId: string }): Promise<RawBroker>;
  readonly brokerPool: {
    readonly metadata: BrokerMetadata | null;
    /** What the first broker speaks; null until connected. */
    readonly versions?: Readonly<
      Record<number, { readonly minVersion: number; readonly maxVersion: number }>
    > | null;
    refreshMetadata(topics: string[]): Promise<void>;
    findConnectedBroker(): Promise<RawBroker>;
  };
}

const isRawCluster = (cluster: object): cluster is RawCluster =>
  'brokerPool' in cluster && 'findBroker' in cluster && 'findGroupCoordinator' in cluster;

/** Narrows a cluster object handed out by kafkajs. */
export const rawCluster = (cluster: object): RawCluster => {
  if (isRawCluster(cluster)) return cluster;
  throw new EsteiraError(
    'ESTEIRA_CONFIG_INVALID',
    'kafkajs does not look like version 2.2.4: install it exactly.',
  );
};

/** A cluster of its own connections: kafkajs hands it to the assigner of a consumer, which is never started. */
export const openCluster = (kafka: Kafka): RawCluster => {
  let found: object | undefined;
  kafka.consumer({
    groupId: 'esteira-raw',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      ({ cluster }) => {
        found = cluster;
        return {
          name: 'none',
          version: 0,
          assign: async () => [],
          protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  return rawCluster(found ?? {});
};
