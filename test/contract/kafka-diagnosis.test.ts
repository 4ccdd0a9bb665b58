import kafkajs, { type AclEntry } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKafkaDiagnosis } from '../../src/broker/kafka/diagnosis.ts';
import { createKafkaBroker } from '../../src/broker/kafka/index.ts';
import type { Broker } from '../../src/core/ports/broker.ts';
import type { BrokerDiagnosis } from '../../src/core/ports/diagnosis.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import { type GuardedKafka, SHOP, startGuardedKafka } from '../support/guarded-kafka.ts';
import { freshName } from '../support/scenario.ts';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
const topic = freshName('diagnosis');

describe('what Kafka says of itself', () => {
  const config = { brokers: (process.env['KAFKA_BROKERS'] ?? '').split(','), clientId: 'doctor' };
  let broker: Broker;
  let diagnosis: BrokerDiagnosis;
  beforeAll(async () => {
    broker = createKafkaBroker(config, silentLog);
    diagnosis = createKafkaDiagnosis(config, silentLog);
    const settings = { 'retention.ms': '3600000' };
    await broker.admin.createTopics([{ topic, partitions: 2, replicationFactor: 1, config: settings }]);
    await broker.admin.setCommittedOffsets(topic, [{ topic, partition: 0, offset: 0n, metadata: '' }]);
  });
  afterAll(async () => {
    await diagnosis.close();
    await broker.close();
  });

  test('how many brokers, and the release as far as the protocol tells', async () => {
    const { brokers, release } = await diagnosis.cluster();
    expect(brokers).toBe(await broker.admin.brokerCount());
    expect(release).toMatch(/^\d+\.\d+/);
  });

  test('topics and groups by name', async () => {
    expect(await diagnosis.topicNames()).toContain(topic);
    expect(await diagnosis.groupNames()).toContain(topic);
  });

  test('where the copies of partitions are', async () => {
    const copies = { topic, replicas: 1, inSync: 1, hasLeader: true };
    const found = await diagnosis.replicas([topic]);
    expect([...found].sort((one, other) => one.partition - other.partition)).toEqual([
      { ...copies, partition: 0 },
      { ...copies, partition: 1 },
    ]);
    expect(await diagnosis.replicas([])).toEqual([]);
  });

  test("settings with the broker's defaults", async () => {
    const settings = (await diagnosis.settings([topic])).get(topic);
    expect(settings).toMatchObject({ 'retention.ms': '3600000', 'cleanup.policy': 'delete' });
    expect(Number(settings?.['min.insync.replicas'])).toBeGreaterThan(0);
  });
});

test('a Kafka that is not there is unreachable', async () => {
  const diagnosis = createKafkaDiagnosis({ brokers: ['127.0.0.1:1'], clientId: 'doctor' }, silentLog);
  await expect(diagnosis.cluster()).rejects.toMatchObject({ code: 'ESTEIRA_SERVICE_UNREACHABLE' });
  await diagnosis.close();
});

describe('rights', () => {
  let kafka: GuardedKafka;
  beforeAll(async () => {
    kafka = await startGuardedKafka();
  });
  afterAll(() => kafka.stop());

  const allow = async (...acl: readonly Partial<AclEntry>[]): Promise<void> => {
    const admin = new kafkajs.Kafka({ brokers: [kafka.open], logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createAcls({
      acl: acl.map((one) => ({
        ...{ principal: `User:${SHOP.username}`, host: '*', resourceName: 'kafka-cluster' },
        ...{ resourceType: AclResourceTypes.CLUSTER, resourcePatternType: ResourcePatternTypes.LITERAL },
        ...{ operation: AclOperationTypes.DESCRIBE, permissionType: AclPermissionTypes.ALLOW },
        ...one,
      })),
    });
    await admin.disconnect();
  };

  test('are open without an authorizer, refused to who may not see them, and told to who may', async () => {
    const brokers = (process.env['KAFKA_BROKERS'] ?? '').split(',');
    const open = createKafkaDiagnosis({ brokers, clientId: 'doctor' }, silentLog);
    expect(await open.access()).toEqual({ kind: 'open' });
    await open.close();

    const shop = createKafkaDiagnosis(
      { brokers: [kafka.guarded], clientId: 'doctor', sasl: SHOP },
      silentLog,
    );
    expect(await shop.access()).toEqual({ kind: 'refused' });
    await allow(
      {},
      {
        ...{ resourceType: AclResourceTypes.TOPIC, resourceName: 'shop.' },
        ...{ resourcePatternType: ResourcePatternTypes.PREFIXED, operation: AclOperationTypes.READ },
      },
      {
        ...{ resourceType: AclResourceTypes.GROUP, resourceName: '*', principal: 'User:*' },
        ...{ operation: AclOperationTypes.ALL, permissionType: AclPermissionTypes.DENY },
      },
    );
    const access = await shop.access();
    await shop.close();
    const rule = { principal: 'User:shop', match: 'literal', allows: true };
    expect(access.kind === 'rules' ? access.rules : []).toHaveLength(3);
    expect(access).toMatchObject({
      rules: expect.arrayContaining([
        { ...rule, resource: 'cluster', name: 'kafka-cluster', operation: 'describe' },
        { ...rule, resource: 'topic', name: 'shop.', match: 'prefixed', operation: 'read' },
        { ...rule, resource: 'group', name: '*', operation: 'all', principal: 'User:*', allows: false },
      ]),
    });
  });

  // kafkajs wrote the authenticator of the right password into the object given, and a copy with a wrong one was let in.
  test('wrong credentials are refused, not taken for a Kafka that is down', async () => {
    const wrong = { ...SHOP, password: 'other' };
    const diagnosis = createKafkaDiagnosis(
      { brokers: [kafka.guarded], clientId: 'd', sasl: wrong },
      silentLog,
    );
    await expect(diagnosis.cluster()).rejects.toMatchObject({ code: 'ESTEIRA_BROKER_REFUSED' });
    await diagnosis.close();
  });
});
