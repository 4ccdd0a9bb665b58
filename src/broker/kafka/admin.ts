import type { Kafka } from 'kafkajs';
import { type ErrorCode, type ErrorFacts, EsteiraError } from '../../core/errors.ts';
import type {
  BrokerAdmin,
  CommittedOffset,
  OffsetRange,
  TopicDescription,
  TopicSpec,
} from '../../core/ports/broker.ts';
import type { ConsumedRecord, RecordPosition, TopicPartition } from '../../core/record.ts';
import { brokerError, isGroupInUse } from './errors.ts';
import { throughPassingErrors } from './passing-errors.ts';
import { type ReadRange, readRange } from './read-range.ts';
import type { OpenCluster, SharedCluster } from './shared-cluster.ts';
import { TopicAdmin } from './topic-admin.ts';

/** Kafka's mark of a commit by nobody's member: taken only for a group without members. */
const NO_GENERATION = -1;

const byTopic = (offsets: readonly CommittedOffset[]) => {
  const topics = new Map<string, { partition: number; offset: string; metadata: string }[]>();
  for (const { topic, partition, offset, metadata } of offsets)
    topics.set(topic, [...(topics.get(topic) ?? []), { partition, offset: String(offset), metadata }]);
  return topics;
};

const groupInUse = (groupId: string, cause: unknown): EsteiraError =>
  new EsteiraError('ESTEIRA_BROKER_REFUSED', 'The group has members: stop them before its offsets are set.', {
    facts: { groupId },
    cause,
  });

/** Does `work` and makes what it throws an error of the catalogue. */
const named = async <T>(
  doing: string,
  facts: ErrorFacts,
  work: () => Promise<T>,
  fallback?: ErrorCode,
): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw brokerError(doing, error, { facts, ...(fallback === undefined ? {} : { fallback }) });
  }
};

/** The admin port on kafkajs' public admin for topics, and on plain requests for offsets and reading. */
export class KafkaAdmin implements BrokerAdmin {
  readonly #shared: SharedCluster;
  readonly #makeKafka: () => Kafka;
  #topics: TopicAdmin | undefined;

  constructor(shared: SharedCluster, makeKafka: () => Kafka) {
    this.#shared = shared;
    this.#makeKafka = makeKafka;
  }

  topicNames(): Promise<readonly string[]> {
    return named('Cannot list topics', {}, () => this.#topicAdmin().names());
  }

  describeTopics(topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>> {
    return named('Cannot describe topics', {}, () => this.#topicAdmin().describe(topics));
  }

  createTopics(specs: readonly TopicSpec[]): Promise<void> {
    return named('Cannot create topics', { topics: specs.map(({ topic }) => topic) }, () =>
      this.#topicAdmin().create(specs),
    );
  }

  alterTopicConfig(topic: string, config: Readonly<Record<string, string>>): Promise<void> {
    return named('Cannot alter the topic', { topic }, () => this.#topicAdmin().alterConfig(topic, config));
  }

  growTopic(topic: string, partitions: number): Promise<void> {
    return named('Cannot add partitions to the topic', { topic, partitions }, () =>
      this.#topicAdmin().grow(topic, partitions),
    );
  }

  deleteTopics(topics: readonly string[]): Promise<void> {
    return named('Cannot delete topics', { topics: [...topics] }, () => this.#topicAdmin().delete(topics));
  }

  offsetRanges(topic: string): Promise<readonly OffsetRange[]> {
    return named('Cannot look up offsets', { topic }, async () => {
      const open = await this.#shared.get();
      return open.offsets.rangesOf(await this.#partitionsOf(open, topic));
    });
  }

  offsetsAt(topic: string, timestampMs: number): Promise<readonly RecordPosition[]> {
    return named('Cannot look up offsets', { topic }, async () => {
      const open = await this.#shared.get();
      const partitions = await this.#partitionsOf(open, topic);
      const [found, ranges] = await Promise.all([
        open.offsets.list(partitions, String(timestampMs)),
        open.offsets.rangesOf(partitions),
      ]);
      const ends = new Map(ranges.map(({ partition, high }) => [partition, high]));
      return found.map((one) => ({
        ...one,
        offset: one.offset < 0n ? (ends.get(one.partition) ?? 0n) : one.offset,
      }));
    });
  }

  committedOffsets(groupId: string, topic: string): Promise<readonly CommittedOffset[]> {
    return named('Cannot look up committed offsets', { groupId, topic }, async () => {
      const open = await this.#shared.get();
      return open.offsets.committedAt(groupId, await this.#partitionsOf(open, topic));
    });
  }

  setCommittedOffsets(groupId: string, offsets: readonly CommittedOffset[]): Promise<void> {
    return named('Cannot set committed offsets', { groupId }, async () => {
      if (offsets.length === 0) return;
      const { cluster } = await this.#shared.get();
      const topics = [...byTopic(offsets)].map(([topic, partitions]) => ({ topic, partitions }));
      try {
        await throughPassingErrors(async () => {
          const coordinator = await cluster.findGroupCoordinator({ groupId });
          await coordinator.offsetCommit({ groupId, memberId: '', groupGenerationId: NO_GENERATION, topics });
        });
      } catch (cause) {
        throw isGroupInUse(cause) ? groupInUse(groupId, cause) : cause;
      }
    });
  }

  memberCounts(groupIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return named('Cannot describe groups', { groups: groupIds }, async () => {
      const { cluster } = await this.#shared.get();
      const countOf = async (groupId: string): Promise<readonly [string, number]> => {
        const coordinator = await cluster.findGroupCoordinator({ groupId });
        const { groups } = await coordinator.describeGroups({ groupIds: [groupId] });
        return [groupId, groups.find((one) => one.groupId === groupId)?.members.length ?? 0];
      };
      return new Map(await Promise.all(groupIds.map((id) => throughPassingErrors(() => countOf(id)))));
    });
  }

  read(range: ReadRange, onRecord: (record: ConsumedRecord) => boolean): Promise<void> {
    const facts = { topic: range.topic, partition: range.partition };
    return named('Cannot read the range', facts, async () =>
      readRange(await this.#shared.get(), range, onRecord),
    );
  }

  brokerCount(): Promise<number> {
    return named(
      'Cannot reach Kafka',
      {},
      () => this.#topicAdmin().brokerCount(),
      'ESTEIRA_SERVICE_UNREACHABLE',
    );
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    await this.#topics?.close();
    await this.#shared.close();
  }

  async #partitionsOf(open: OpenCluster, topic: string): Promise<readonly TopicPartition[]> {
    const partitions = await open.routes.partitions(topic);
    return partitions.map((partition) => ({ topic, partition }));
  }

  #topicAdmin(): TopicAdmin {
    this.#topics ??= new TopicAdmin(this.#makeKafka(), this.#shared);
    return this.#topics;
  }
}
