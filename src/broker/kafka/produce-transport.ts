import type { TopicPartition } from '../../core/record.ts';
import type { RawBroker, RawCluster } from './client-internals.ts';
import { ProduceBundles } from './produce-bundles.ts';
import type { ProduceRow } from './produce-request.ts';
import type { BatchStamp } from './record-batch.ts';
import { createTopicRoutes, type TopicRoutes } from './topic-routes.ts';

/** The id under which the broker recognises a repeated batch. */
export type ProducerIdentity = Omit<BatchStamp, 'baseSequence'>;

/** Raised when nothing left this process: the batch cannot be in the log because of this attempt. */
export class NotSent extends Error {
  override readonly name = 'NotSent';
}

/**
 * The seam between the guards and the wire: tests inject faults here. One call is one attempt: no retries, no
 * partition is left out of the answer by it, error codes come back as rows.
 */
export interface ProduceTransport {
  /** Sends one encoded batch. @throws NotSent when nothing was sent; any other error leaves its fate unknown. */
  send(at: TopicPartition, batch: Buffer): Promise<readonly ProduceRow[]>;
  /** Asks the broker for a producer id never used before. */
  newProducerId(): Promise<ProducerIdentity>;
  /** Partition ids of a topic. */
  partitions(topic: string): Promise<readonly number[]>;
  /** Forgets who leads the topic's partitions. */
  forget(topic: string): void;
  /** Throws the connections away after an attempt that hung; the next call makes new ones. */
  reconnect(): void;
  close(): Promise<void>;
}

const TRANSACTION_TIMEOUT_MS = 60_000;

interface Wire {
  readonly cluster: RawCluster;
  readonly routes: TopicRoutes;
  readonly connected: Promise<void>;
}

const openWire = (open: () => RawCluster): Wire => {
  const cluster = open();
  const connected = cluster.connect();
  connected.catch(() => undefined);
  return { cluster, routes: createTopicRoutes(cluster), connected };
};

/** The transport over kafkajs' broker connections. */
export const createProduceTransport = (
  open: () => RawCluster,
  requestTimeoutMs: number,
): ProduceTransport => {
  const bundles = new ProduceBundles(requestTimeoutMs);
  let wire: Wire | undefined;
  const connect = async (): Promise<Wire> => {
    const current = wire ?? openWire(open);
    wire = current;
    try {
      await current.connected;
      return current;
    } catch (error) {
      if (wire === current) wire = undefined;
      throw error;
    }
  };
  const dropWire = async (): Promise<void> => {
    const dropped = wire;
    wire = undefined;
    await dropped?.cluster.disconnect();
  };

  const leaderOf = async (at: TopicPartition): Promise<RawBroker> => {
    try {
      const { routes } = await connect();
      return await routes.leader(at);
    } catch (cause) {
      throw new NotSent('no leader', { cause });
    }
  };

  return {
    send: async (at, batch) => bundles.send(await leaderOf(at), at, batch),
    newProducerId: async () => {
      const { cluster } = await connect();
      const broker = await cluster.brokerPool.findConnectedBroker();
      const given = await broker.initProducerId({ transactionTimeout: TRANSACTION_TIMEOUT_MS });
      return { producerId: BigInt(given.producerId), producerEpoch: given.producerEpoch };
    },
    partitions: async (topic) => (await connect()).routes.partitions(topic),
    forget: (topic) => wire?.routes.forget(topic),
    reconnect: () => void dropWire().catch(() => undefined),
    close: dropWire,
  };
};
