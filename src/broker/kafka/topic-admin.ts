import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import type { TopicDescription, TopicSpec } from '../../core/ports/broker.ts';
import { brokerError, traitsOf } from './errors.ts';
import type { SharedCluster } from './shared-cluster.ts';

/** Node sees only some of the names this CommonJS package exports. */
const { ConfigResourceTypes, ConfigSource, KafkaJSAggregateError } = kafkajs;

/** How long a created topic may take until every broker knows it, ms. */
const SPREAD_MS = 10_000;
const LOOK_AGAIN_MS = 50;

const configResource = (topic: string) => ({ type: ConfigResourceTypes.TOPIC, name: topic });

const toEntries = (config: Readonly<Record<string, string>>): { name: string; value: string }[] =>
  Object.entries(config).map(([name, value]) => ({ name, value }));

/** Errors of a creation that are more than "it is there already". */
const realErrors = (error: unknown): readonly unknown[] => {
  if (error instanceof KafkaJSAggregateError)
    return error.errors.filter((one) => traitsOf(one).type !== 'TOPIC_ALREADY_EXISTS');
  const isWrapped = error instanceof Error && error.cause !== undefined;
  return isWrapped ? realErrors(error.cause) : [error];
};

/** Topics: what they are and what they should be. */
export class TopicAdmin {
  readonly #admin: Admin;
  readonly #shared: SharedCluster;

  constructor(kafka: Kafka, shared: SharedCluster) {
    this.#admin = kafka.admin();
    this.#shared = shared;
  }

  /** Every topic that may be seen. */
  names(): Promise<readonly string[]> {
    return this.#admin.listTopics();
  }

  /** Adds partitions and waits until they can be seen. */
  async grow(topic: string, partitions: number): Promise<void> {
    await this.#admin.createPartitions({ topicPartitions: [{ topic, count: partitions }] });
    await this.#until(async () => (await this.#shapeOf(topic))?.partitions === partitions);
    (await this.#shared.get()).routes.forget(topic);
  }

  /** Deletes those that exist and waits until they are gone. */
  async delete(topics: readonly string[]): Promise<void> {
    const left = async (): Promise<readonly string[]> =>
      (await Promise.all(topics.map((topic) => this.#shapeOf(topic)))).flatMap((shape) => shape?.topic ?? []);
    const existing = await left();
    if (existing.length === 0) return;
    await this.#admin.deleteTopics({ topics: [...existing] });
    await this.#until(async () => (await left()).length === 0);
    const { routes } = await this.#shared.get();
    for (const topic of existing) routes.forget(topic);
  }

  /** Describes the topics that exist. */
  async describe(topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>> {
    const shapes = (await Promise.all(topics.map((topic) => this.#shapeOf(topic)))).flatMap(
      (shape) => shape ?? [],
    );
    if (shapes.length === 0) return new Map();
    const overrides = await this.#overridesOf(shapes.map(({ topic }) => topic));
    return new Map(
      shapes.map((shape) => [shape.topic, { ...shape, config: overrides.get(shape.topic) ?? {} }]),
    );
  }

  /** Creates topics and waits until every broker knows them. */
  async create(specs: readonly TopicSpec[]): Promise<void> {
    if (specs.length === 0) return;
    try {
      await this.#admin.createTopics({
        waitForLeaders: false,
        topics: specs.map(({ topic, partitions, replicationFactor, config }) => ({
          topic,
          numPartitions: partitions,
          replicationFactor,
          configEntries: toEntries(config),
        })),
      });
    } catch (error) {
      const [real] = realErrors(error);
      if (real !== undefined) throw brokerError('Cannot create topics', real);
    }
    await this.#untilKnown(specs.map(({ topic }) => topic));
  }

  /** Sets configuration keys beside those a topic has: Kafka's request replaces them all. */
  async alterConfig(topic: string, config: Readonly<Record<string, string>>): Promise<void> {
    const before = (await this.#overridesOf([topic])).get(topic) ?? {};
    const configEntries = toEntries({ ...before, ...config });
    await this.#admin.alterConfigs({
      validateOnly: false,
      resources: [{ ...configResource(topic), configEntries }],
    });
  }

  /** The number of live brokers. */
  async brokerCount(): Promise<number> {
    const { brokers } = await this.#admin.describeCluster();
    return brokers.length;
  }

  /** Closes the connections. */
  close(): Promise<void> {
    return this.#admin.disconnect();
  }

  async #shapeOf(topic: string): Promise<Omit<TopicDescription, 'config'> | undefined> {
    const { cluster } = await this.#shared.get();
    const broker = await cluster.brokerPool.findConnectedBroker();
    try {
      const found = (await broker.metadata([topic])).topicMetadata[0]?.partitionMetadata ?? [];
      return { topic, partitions: found.length, replicationFactor: found[0]?.replicas.length ?? 0 };
    } catch (error) {
      if (traitsOf(error).type === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
      throw error;
    }
  }

  async #overridesOf(
    topics: readonly string[],
  ): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
    const { resources } = await this.#admin.describeConfigs({
      includeSynonyms: false,
      resources: topics.map(configResource),
    });
    return new Map(
      resources.map(({ resourceName, configEntries }) => [
        resourceName,
        Object.fromEntries(
          configEntries
            .filter(({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG)
            .map(({ configName, configValue }) => [configName, configValue]),
        ),
      ]),
    );
  }

  async #untilKnown(topics: readonly string[]): Promise<void> {
    const { cluster } = await this.#shared.get();
    await cluster.brokerPool.refreshMetadata([]).catch(() => undefined);
    const nodeIds = (cluster.brokerPool.metadata?.brokers ?? []).map(({ nodeId }) => String(nodeId));
    const knows = async (nodeId: string): Promise<boolean> => {
      try {
        await (await cluster.findBroker({ nodeId })).metadata([...topics]);
        return true;
      } catch {
        return false;
      }
    };
    await this.#until(async () => (await Promise.all(nodeIds.map(knows))).every(Boolean));
  }

  /** Waits until something holds, for as long as news may take to spread. */
  async #until(holds: () => Promise<boolean>): Promise<void> {
    const until = Date.now() + SPREAD_MS;
    while (Date.now() < until) {
      if (await holds()) return;
      await new Promise((resolve) => {
        setTimeout(resolve, LOOK_AGAIN_MS);
      });
    }
  }
}
