import { onTestFinished } from 'vitest';
import { createMemoryBroker } from '../../../../src/broker/memory/index.ts';
import { type AppDefinition, defineApp } from '../../../../src/core/app.ts';
import type { Json } from '../../../../src/core/contract.ts';
import { defineEvent } from '../../../../src/core/event.ts';
import { defineJob, type JobOptions } from '../../../../src/core/job.ts';
import type { BrokerDiagnosis, PartitionReplicas } from '../../../../src/core/ports/diagnosis.ts';
import { knownTenants } from '../../../../src/core/tenants.ts';
import { contractsOf } from '../../../../src/runtime/backend.ts';
import type { Check } from '../../../../src/runtime/doctor/index.ts';
import type { DoctorParts, Probe, RegistryDiagnosis } from '../../../../src/runtime/doctor/parts.ts';
import { applyTopics } from '../../../../src/runtime/topics/index.ts';
import { otherwise } from '../topics/bench.ts';

/** When all of it happens, epoch ms. */
export const NOW_MS = Date.UTC(2026, 10, 22, 12);
const WEEK_MS = 7 * 86_400_000;

const paid = defineEvent(
  {
    name: 'shop.Paid',
    schema: { type: 'record', name: 'Paid', namespace: 'shop', fields: [{ name: 'id', type: 'string' }] },
  },
  { topic: 'shop.events', check: 'none', partitions: 2 },
);

/** A small app with one job type. */
export const shopThat = (options: Partial<JobOptions<unknown>> = {}): AppDefinition =>
  defineApp({
    name: 'shop',
    events: [paid],
    jobs: [
      defineJob({
        ...{ type: 'send-receipt', kind: 'reactive', on: paid, order: 'none', retry: { attempts: 1 } },
        startFrom: 'beginning',
        run: () => undefined,
        ...options,
      }),
    ],
    tenants: knownTenants(['acme']),
    tiers: ['1s'],
    partitions: 2,
  });

/** A registry with a list of versions for each subject. */
export const registryOf = (
  subjects: Record<string, readonly Json[]>,
  levels: Record<string, string | undefined> = {},
): RegistryDiagnosis => ({
  lookUp: async (subject, schema) => {
    const version =
      (subjects[subject] ?? []).findIndex((one) => JSON.stringify(one) === JSON.stringify(schema)) + 1;
    return version === 0 ? undefined : { id: version, version, schema };
  },
  version: async (subject, version) => {
    const all = subjects[subject] ?? [];
    const wanted = version === 'latest' ? all.length : version;
    const schema = all[wanted - 1];
    return schema === undefined ? undefined : { id: wanted, version: wanted, schema };
  },
  compatibility: async () => ({ compatible: true, messages: [] }),
  level: async (subject) => (subject in levels ? levels[subject] : 'FULL_TRANSITIVE'),
  serverVersion: async () => '7.9.0',
});

/** A Redis as it should be. */
export const SOUND_REDIS: Readonly<Record<string, string>> = {
  redis_version: '7.2.4',
  role: 'master',
  maxmemory_policy: 'noeviction',
  aof_enabled: '1',
  used_memory: '1048576',
  maxmemory: '104857600',
};

/** An app on services where all is well; each test spoils one thing. */
export const openShop = async (app = shopThat()) => {
  const broker = createMemoryBroker();
  onTestFinished(() => broker.close());
  const threeBrokers = otherwise(broker.admin, { brokerCount: async () => 3 });
  await applyTopics(app, threeBrokers, { replicationFactor: 3 });
  const existing = new Map<string, Record<string, string>>();
  const kafka: BrokerDiagnosis = {
    cluster: async () => ({ brokers: 3, release: '3.9 or later' }),
    topicNames: async () => [...existing.keys()],
    groupNames: async () => [],
    replicas: async (topics) =>
      topics.map((topic): PartitionReplicas => {
        return { topic, partition: 0, replicas: 3, inSync: 3, hasLeader: true };
      }),
    settings: async (topics) =>
      new Map(
        topics.map((topic) => [
          topic,
          { 'min.insync.replicas': '2', 'retention.ms': String(WEEK_MS), ...existing.get(topic) },
        ]),
      ),
    access: async () => ({ kind: 'open' }),
    close: async () => undefined,
  };
  const parts: DoctorParts = {
    ...{ app, admin: broker.admin, broker: kafka, production: false, replicationFactor: 3 },
    state: {
      facts: async () => new Map(Object.entries(SOUND_REDIS)),
      nowMs: async () => NOW_MS,
      close: async () => undefined,
    },
    registry: registryOf(Object.fromEntries(contractsOf(app).map(({ name, schema }) => [name, [schema]]))),
    addresses: { kafka: 'kafka:9092', registry: 'registry:8081', redis: 'redis:6379' },
    nowMs: () => NOW_MS,
  };
  return {
    parts,
    broker,
    kafka,
    /** Makes a topic that the doctor is told of. */
    addTopic: async (topic: string, config: Record<string, string> = {}): Promise<void> => {
      existing.set(topic, config);
      await broker.admin.createTopics([{ topic, partitions: 1, replicationFactor: 3, config }]);
    },
    /** What holds for a topic, beside the defaults. */
    setting: (topic: string, config: Record<string, string>): void => {
      existing.set(topic, config);
    },
    /** Writes one record, so long ago. */
    write: async (topic: string, agoMs: number): Promise<void> => {
      const producer = await broker.createProducer();
      await producer.send({
        ...{ topic, partition: 0, key: null, value: Buffer.from('x'), headers: [] },
        timestampMs: NOW_MS - agoMs,
      });
    },
    /** Somebody who runs the group, until the test ends. */
    join: async (groupId: string, topics: readonly string[]): Promise<void> => {
      const member = broker.createConsumer({ groupId, topics });
      const deaf = () => undefined;
      await member.run({ onAssigned: deaf, onBatch: deaf, onOffsetProblem: deaf, onCrash: deaf });
      onTestFinished(() => member.stop());
    },
  };
};

/** What a probe says, as `verdict name: says`. */
export const said = async (probe: Probe, parts: DoctorParts): Promise<readonly string[]> =>
  (await probe(parts)).map(line);

export const line = ({ verdict, name, says }: Check): string => `${verdict} ${name}: ${says}`;
