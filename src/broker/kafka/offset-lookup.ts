import type { CommittedOffset, OffsetRange } from '../../core/ports/broker.ts';
import { partitionKey, type RecordPosition, type TopicPartition } from '../../core/record.ts';
import type { RawCluster } from './client-internals.ts';
import type { OffsetLookUp } from './offset-check.ts';
import { throughPassingErrors } from './passing-errors.ts';
import type { TopicRoutes } from './topic-routes.ts';

/** Kafka's marks in place of a time: the first offset, the end of the log. */
const EARLIEST = '-2';
const LATEST = '-1';
/** Offsets of the whole log, also of open transactions. */
const READ_UNCOMMITTED = 0;

const byTopic = (partitions: readonly TopicPartition[]): ReadonlyMap<string, number[]> => {
  const grouped = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const list = grouped.get(topic) ?? [];
    list.push(partition);
    grouped.set(topic, list);
  }
  return grouped;
};

const toRequest = (partitions: readonly TopicPartition[], extra: object): object[] =>
  [...byTopic(partitions)].map(([topic, ids]) => ({
    topic,
    partitions: ids.map((partition) => ({ partition, ...extra })),
  }));

/** Looks offsets up over raw connections, one request a broker. */
export class ClusterOffsets implements OffsetLookUp {
  readonly #cluster: RawCluster;
  readonly #routes: TopicRoutes;

  constructor(cluster: RawCluster, routes: TopicRoutes) {
    this.#cluster = cluster;
    this.#routes = routes;
  }

  /** Committed offsets with their metadata; partitions without one are absent. */
  async committedAt(
    groupId: string,
    partitions: readonly TopicPartition[],
  ): Promise<readonly CommittedOffset[]> {
    const { responses } = await throughPassingErrors(async () => {
      const coordinator = await this.#cluster.findGroupCoordinator({ groupId });
      return coordinator.offsetFetch({ groupId, topics: toRequest(partitions, {}) });
    });
    return responses.flatMap(({ topic, partitions: found }) =>
      found
        .filter(({ offset }) => BigInt(offset) >= 0n)
        .map((one) => ({
          topic,
          partition: one.partition,
          offset: BigInt(one.offset),
          metadata: one.metadata ?? '',
        })),
    );
  }

  /** First and end offsets. */
  async rangesOf(partitions: readonly TopicPartition[]): Promise<readonly OffsetRange[]> {
    const [lows, highs] = await Promise.all([this.list(partitions, EARLIEST), this.list(partitions, LATEST)]);
    const ends = new Map(highs.map((one) => [partitionKey(one), one.offset]));
    return lows.map(({ topic, partition, offset: low }) => ({
      topic,
      partition,
      low,
      high: ends.get(partitionKey({ topic, partition })) ?? low,
    }));
  }

  /** The first offset at or after a time for each partition, in their order; -1 where there is none. */
  async list(partitions: readonly TopicPartition[], timestamp: string): Promise<readonly RecordPosition[]> {
    const listed = await throughPassingErrors(
      () => this.#listOnce(partitions, timestamp),
      () => {
        for (const topic of byTopic(partitions).keys()) this.#routes.forget(topic);
      },
    );
    const found = new Map(listed.map((one) => [partitionKey(one), one]));
    return partitions.flatMap((at) => found.get(partitionKey(at)) ?? []);
  }

  async #listOnce(
    partitions: readonly TopicPartition[],
    timestamp: string,
  ): Promise<readonly RecordPosition[]> {
    const byLeader = new Map<number, TopicPartition[]>();
    for (const at of partitions) {
      const leader = await this.#routes.leaderId(at);
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), at]);
    }
    const answers = await Promise.all(
      [...byLeader].map(([leader, ofLeader]) => this.#ask(leader, ofLeader, timestamp)),
    );
    return answers.flat();
  }

  async #ask(
    leader: number,
    partitions: readonly TopicPartition[],
    timestamp: string,
  ): Promise<RecordPosition[]> {
    const broker = await this.#cluster.findBroker({ nodeId: String(leader) });
    const { responses } = await broker.listOffsets({
      isolationLevel: READ_UNCOMMITTED,
      topics: toRequest(partitions, { timestamp }),
    });
    return responses.flatMap(({ topic, partitions: found }) =>
      found.map(({ partition, offset }) => ({ topic, partition, offset: BigInt(offset) })),
    );
  }
}
