import { EsteiraError } from '../../core/errors.ts';
import type {
  BrokerAdmin,
  CommittedOffset,
  OffsetRange,
  TopicDescription,
  TopicSpec,
} from '../../core/ports/broker.ts';
import type { ConsumedRecord, RecordPosition, TopicPartition } from '../../core/record.ts';
import type { MemoryCluster } from './cluster.ts';

const READ_RECORDS = 500;
const READ_BYTES = 1_048_576;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Looks into a cluster and changes it; answers come in a later turn of the event loop, as over a network. */
export class MemoryAdmin implements BrokerAdmin {
  readonly #cluster: MemoryCluster;
  readonly #defaultPartitions: number;
  readonly #isClosed: () => boolean;

  constructor(cluster: MemoryCluster, defaultPartitions: number, isClosed: () => boolean) {
    this.#cluster = cluster;
    this.#defaultPartitions = defaultPartitions;
    this.#isClosed = isClosed;
  }

  async topicNames(): Promise<readonly string[]> {
    await this.#ask();
    return this.#cluster.names();
  }

  async describeTopics(topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>> {
    await this.#ask();
    const found = topics.flatMap((name) => this.#cluster.find(name)?.describe() ?? []);
    return new Map(found.map((description) => [description.topic, description]));
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<void> {
    await this.#ask();
    for (const spec of specs) {
      const partitions = spec.partitions > 0 ? spec.partitions : this.#defaultPartitions;
      this.#cluster.create({ ...spec, partitions });
    }
  }

  async alterTopicConfig(topic: string, config: Readonly<Record<string, string>>): Promise<void> {
    await this.#ask();
    this.#cluster.topic(topic).configure(config);
  }

  async growTopic(topic: string, partitions: number): Promise<void> {
    await this.#ask();
    this.#cluster.topic(topic).grow(partitions);
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    await this.#ask();
    for (const topic of topics) this.#cluster.delete(topic);
  }

  async offsetRanges(topic: string): Promise<readonly OffsetRange[]> {
    await this.#ask();
    return this.#cluster.topic(topic).logs.map(({ partition, low, high }) => {
      return { topic, partition, low: BigInt(low), high: BigInt(high) };
    });
  }

  async offsetsAt(topic: string, timestampMs: number): Promise<readonly RecordPosition[]> {
    await this.#ask();
    return this.#cluster.topic(topic).logs.map((log) => {
      return { topic, partition: log.partition, offset: BigInt(log.offsetAt(timestampMs)) };
    });
  }

  async committedOffsets(groupId: string, topic: string): Promise<readonly CommittedOffset[]> {
    await this.#ask();
    const group = this.#cluster.group(groupId);
    return this.#cluster.topic(topic).logs.flatMap((log) => group.committed(log) ?? []);
  }

  async setCommittedOffsets(groupId: string, offsets: readonly CommittedOffset[]): Promise<void> {
    await this.#ask();
    for (const at of offsets) this.#cluster.topic(at.topic).log(at.partition);
    this.#cluster.group(groupId).set(offsets);
  }

  async memberCounts(groupIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    await this.#ask();
    return new Map(groupIds.map((groupId) => [groupId, this.#cluster.group(groupId).members.length]));
  }

  async read(
    range: TopicPartition & { readonly from: bigint; readonly to: bigint },
    onRecord: (record: ConsumedRecord) => boolean,
  ): Promise<void> {
    await this.#ask();
    const log = this.#cluster.topic(range.topic).log(range.partition);
    // The end as it stands now: a log that grows as fast as it is read must not hold the reader for ever.
    const end = Math.min(Number(range.to), log.high);
    let next = Number(range.from);
    while (next < end) {
      const slice = log.read(next, end, READ_RECORDS, READ_BYTES);
      if (!slice.records.every((record) => onRecord(record))) return;
      next = slice.next;
      await nextTurn();
    }
  }

  async brokerCount(): Promise<number> {
    await this.#ask();
    return 1;
  }

  async #ask(): Promise<void> {
    await nextTurn();
    if (this.#isClosed()) throw new EsteiraError('ESTEIRA_CLOSED', 'the broker is closed');
  }
}
