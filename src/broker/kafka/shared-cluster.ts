import { EsteiraError } from '../../core/errors.ts';
import type { CommittedOffset, OffsetRange } from '../../core/ports/broker.ts';
import type { TopicPartition } from '../../core/record.ts';
import type { RawCluster } from './client-internals.ts';
import { readOwnFetches } from './fetch-answer.ts';
import type { OffsetLookUp } from './offset-check.ts';
import { ClusterOffsets } from './offset-lookup.ts';
import { createTopicRoutes, type TopicRoutes } from './topic-routes.ts';

/** One open cluster with what is known of it. */
export interface OpenCluster {
  readonly cluster: RawCluster;
  readonly routes: TopicRoutes;
  readonly offsets: ClusterOffsets;
}

/** The connections of the admin, shared by all look-ups of a broker; opened at the first use. */
export class SharedCluster implements OffsetLookUp {
  readonly #open: () => RawCluster;
  #opened: Promise<OpenCluster> | undefined;
  #isClosed = false;

  constructor(open: () => RawCluster) {
    this.#open = open;
  }

  /** The connected cluster. @throws the client's error when no broker answers; the next call tries again. */
  async get(): Promise<OpenCluster> {
    if (this.#isClosed) throw new EsteiraError('ESTEIRA_CLOSED', 'The broker connections are closed.');
    const opening = this.#opened ?? this.#connect();
    this.#opened = opening;
    opening.catch(() => {
      if (this.#opened === opening) this.#opened = undefined;
    });
    return opening;
  }

  async committedAt(
    groupId: string,
    partitions: readonly TopicPartition[],
  ): Promise<readonly CommittedOffset[]> {
    return (await this.get()).offsets.committedAt(groupId, partitions);
  }

  async rangesOf(partitions: readonly TopicPartition[]): Promise<readonly OffsetRange[]> {
    return (await this.get()).offsets.rangesOf(partitions);
  }

  /** Closes the connections; nothing can be asked afterwards. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.cluster.disconnect();
  }

  async #connect(): Promise<OpenCluster> {
    const cluster = this.#open();
    readOwnFetches(cluster);
    await cluster.connect();
    // Without any metadata kafkajs knows no broker to ask for a coordinator.
    await cluster.brokerPool.refreshMetadata([]);
    const routes = createTopicRoutes(cluster);
    return { cluster, routes, offsets: new ClusterOffsets(cluster, routes) };
  }
}
