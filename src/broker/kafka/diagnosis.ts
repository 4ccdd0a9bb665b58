import kafkajs, { type Admin } from 'kafkajs';
import type { ErrorCode } from '../../core/errors.ts';
import type {
  Access,
  AccessOperation,
  AccessResource,
  AccessRule,
  BrokerDiagnosis,
  ClusterFacts,
  PartitionReplicas,
} from '../../core/ports/diagnosis.ts';
import type { BrokerLog } from '../../core/ports/log.ts';
import { type KafkaBrokerConfig, makeClient } from './client.ts';
import { openCluster } from './client-internals.ts';
import { brokerError, traitsOf } from './errors.ts';
import { kafkaRelease } from './kafka-release.ts';

/** Node sees only some of the names this CommonJS package exports. */
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ConfigResourceTypes, ResourcePatternTypes } =
  kafkajs;

const RESOURCES = new Map<number, AccessResource>([
  [AclResourceTypes.TOPIC, 'topic'],
  [AclResourceTypes.GROUP, 'group'],
  [AclResourceTypes.CLUSTER, 'cluster'],
]);

const OPERATIONS = new Map<number, AccessOperation>([
  [AclOperationTypes.ALL, 'all'],
  [AclOperationTypes.READ, 'read'],
  [AclOperationTypes.WRITE, 'write'],
  [AclOperationTypes.DESCRIBE, 'describe'],
]);

const EVERY_RULE = {
  resourceType: AclResourceTypes.ANY,
  resourcePatternType: ResourcePatternTypes.ANY,
  operation: AclOperationTypes.ANY,
  permissionType: AclPermissionTypes.ANY,
};

/** The diagnosis port on kafkajs' public admin, with connections of its own. */
class KafkaDiagnosis implements BrokerDiagnosis {
  readonly #config: KafkaBrokerConfig;
  readonly #log: BrokerLog;
  readonly #admin: Admin;

  constructor(config: KafkaBrokerConfig, log: BrokerLog) {
    this.#config = config;
    this.#log = log;
    this.#admin = makeClient(config, log).admin();
  }

  cluster(): Promise<ClusterFacts> {
    return this.#ask(
      'Cannot reach Kafka',
      async (admin) => {
        const { brokers } = await admin.describeCluster();
        const release = await this.#release();
        return { brokers: brokers.length, ...(release === undefined ? {} : { release }) };
      },
      'ESTEIRA_SERVICE_UNREACHABLE',
    );
  }

  topicNames(): Promise<readonly string[]> {
    return this.#ask('Cannot list topics', (admin) => admin.listTopics());
  }

  groupNames(): Promise<readonly string[]> {
    return this.#ask('Cannot list groups', async (admin) =>
      (await admin.listGroups()).groups.map(({ groupId }) => groupId),
    );
  }

  replicas(topics: readonly string[]): Promise<readonly PartitionReplicas[]> {
    if (topics.length === 0) return Promise.resolve([]);
    return this.#ask('Cannot look at partitions', async (admin) => {
      const found = await admin.fetchTopicMetadata({ topics: [...topics] });
      return found.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionId, leader, replicas, isr }) => ({
          topic: name,
          partition: partitionId,
          replicas: replicas.length,
          inSync: isr.length,
          hasLeader: leader >= 0,
        })),
      );
    });
  }

  settings(topics: readonly string[]): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
    if (topics.length === 0) return Promise.resolve(new Map());
    return this.#ask('Cannot look at the settings of topics', async (admin) => {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: topics.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
      });
      return new Map(
        resources.map(({ resourceName, configEntries }) => [
          resourceName,
          Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
        ]),
      );
    });
  }

  access(): Promise<Access> {
    return this.#ask('Cannot look at rights', async (admin): Promise<Access> => {
      try {
        const { resources } = await admin.describeAcls(EVERY_RULE);
        return { kind: 'rules', rules: resources.flatMap(rulesOf) };
      } catch (error) {
        const { type } = traitsOf(error);
        if (type === 'SECURITY_DISABLED') return { kind: 'open' };
        if (type === 'CLUSTER_AUTHORIZATION_FAILED') return { kind: 'refused' };
        throw error;
      }
    });
  }

  close(): Promise<void> {
    return this.#admin.disconnect();
  }

  /** Another connection, since the public admin does not tell what the broker speaks. */
  async #release(): Promise<string | undefined> {
    const cluster = openCluster(makeClient(this.#config, this.#log));
    try {
      await cluster.connect();
      return kafkaRelease(cluster.brokerPool.versions);
    } finally {
      await cluster.disconnect();
    }
  }

  async #ask<T>(doing: string, ask: (admin: Admin) => Promise<T>, fallback?: ErrorCode): Promise<T> {
    try {
      await this.#admin.connect();
      return await ask(this.#admin);
    } catch (error) {
      throw brokerError(doing, error, fallback === undefined ? {} : { fallback });
    }
  }
}

type DescribedResource = Awaited<ReturnType<Admin['describeAcls']>>['resources'][number];

const rulesOf = ({
  resourceType,
  resourceName,
  resourcePatternType,
  acls,
}: DescribedResource): readonly AccessRule[] =>
  acls.map(({ principal, operation, permissionType }) => ({
    principal,
    resource: RESOURCES.get(resourceType) ?? 'other',
    name: resourceName,
    match: resourcePatternType === ResourcePatternTypes.PREFIXED ? 'prefixed' : 'literal',
    operation: OPERATIONS.get(operation) ?? 'other',
    allows: permissionType === AclPermissionTypes.ALLOW,
  }));

/** The diagnosis port on Kafka. Connections are made at first use. @throws EsteiraError as `createKafkaBroker` does */
export const createKafkaDiagnosis = (config: KafkaBrokerConfig, log: BrokerLog): BrokerDiagnosis =>
  new KafkaDiagnosis(config, log);
