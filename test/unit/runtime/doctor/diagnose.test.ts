import { expect, test } from 'vitest';
import { type ErrorCode, type ErrorFacts, EsteiraError } from '../../../../src/core/errors.ts';
import { diagnose } from '../../../../src/runtime/doctor/index.ts';
import { line, openShop, registryOf } from './bench.ts';

const dead = async (): Promise<never> => {
  throw new EsteiraError('ESTEIRA_SERVICE_UNREACHABLE', 'gone');
};
const never = (): Promise<never> => new Promise(() => undefined);

test('where all is well every area is looked at, and nothing but ok is said', async () => {
  const { parts } = await openShop();
  const { checks, counts } = await diagnose(parts);
  expect(checks.filter(({ verdict }) => verdict !== 'ok').map(line)).toEqual([]);
  expect(counts).toEqual({ ok: checks.length, warning: 0, problem: 0, unknown: 0 });
  expect([...new Set(checks.map(({ area }) => area))]).toEqual([
    ...['services', 'topics', 'groups', 'rights', 'redis', 'registry'],
  ]);
  expect(checks.slice(0, 3).map(line)).toEqual([
    'ok Kafka: 3 brokers at kafka:9092, release 3.9 or later',
    'ok schema registry: 7.9.0 at registry:8081',
    'ok Redis: version 7.2.4 at redis:6379',
  ]);
});

// Promise: a dead service is one problem; what lies behind it is unknown, and the rest is looked at.
test('a dead Redis leaves Kafka and the registry to be looked at', async () => {
  const { parts } = await openShop();
  const { checks, counts } = await diagnose({ ...parts, state: { ...parts.state, facts: dead } });
  expect(counts).toMatchObject({ problem: 1, unknown: 1 });
  expect(checks.filter(({ verdict }) => verdict !== 'ok').map(line)).toEqual([
    'problem Redis: cannot be used at redis:6379 (ESTEIRA_SERVICE_UNREACHABLE)',
    'unknown redis: not looked at, as Redis cannot be used',
  ]);
});

test('a dead Kafka makes topics, groups and rights unknown', async () => {
  const { parts, kafka } = await openShop();
  const { checks } = await diagnose({ ...parts, broker: { ...kafka, cluster: dead } });
  const unknown = checks.filter(({ verdict }) => verdict === 'unknown').map(({ area }) => area);
  expect(unknown).toEqual(['topics', 'groups', 'rights']);
  expect(checks.filter(({ area }) => area === 'redis')).toHaveLength(4);
});

test('credentials that are refused are told apart from an address that is wrong', async () => {
  const { parts, kafka } = await openShop();
  const refuse = (code: ErrorCode, facts: ErrorFacts) => async (): Promise<never> => {
    throw new EsteiraError(code, 'no', { facts });
  };
  const { checks } = await diagnose({
    ...parts,
    broker: { ...kafka, cluster: refuse('ESTEIRA_BROKER_REFUSED', { kafkaError: 'SASL' }) },
    registry: { ...registryOf({}), version: refuse('ESTEIRA_REGISTRY_UNAVAILABLE', { status: 401 }) },
    state: { ...parts.state, facts: refuse('ESTEIRA_SERVICE_UNREACHABLE', { code: 'WRONGPASS' }) },
  });
  expect(checks.slice(0, 3)).toMatchObject([
    { says: 'cannot be used at kafka:9092 (ESTEIRA_BROKER_REFUSED, SASL)' },
    { todo: 'correct the credentials: SCHEMA_REGISTRY_USERNAME, SCHEMA_REGISTRY_PASSWORD' },
    { todo: 'correct the credentials: those in REDIS_URL, REDIS_PASSWORD' },
  ]);
  const down = await diagnose({
    ...parts,
    state: { ...parts.state, facts: refuse('ESTEIRA_SERVICE_UNREACHABLE', { code: 'ECONNREFUSED' }) },
  });
  expect(down.checks[2]).toMatchObject({
    says: 'cannot be used at redis:6379 (ESTEIRA_SERVICE_UNREACHABLE, ECONNREFUSED)',
    todo: 'start it (`npm run stack` gives a local one), or correct REDIS_URL',
  });
});

test('a service that never answers is given up in time', async () => {
  const { parts } = await openShop();
  const registry = { ...registryOf({}), version: never };
  const { checks } = await diagnose({ ...parts, registry, serviceDeadlineMs: 30 });
  expect(checks[1]).toMatchObject({ name: 'schema registry', verdict: 'problem' });
});

test('a look that fails or takes too long is a problem of its area, and the others go on', async () => {
  const { parts, kafka } = await openShop();
  const refuses = async (): Promise<never> => {
    throw new EsteiraError('ESTEIRA_BROKER_REFUSED', 'Kafka says no');
  };
  const broker = { ...kafka, topicNames: refuses, access: never };
  const { checks } = await diagnose({ ...parts, broker, areaDeadlineMs: 1_000 });
  const bad = checks.filter(({ verdict }) => verdict !== 'ok');
  expect(bad).toMatchObject([
    { area: 'topics', name: 'left behind', verdict: 'problem', todo: expect.stringContaining('credentials') },
    { area: 'rights', name: 'rights', verdict: 'problem' },
  ]);
  expect(bad[0]?.says).toBe('could not be looked at: Kafka says no (ESTEIRA_BROKER_REFUSED)');
});

test('every check that is not ok says what to do', async () => {
  const { parts, kafka } = await openShop();
  const { checks } = await diagnose({
    ...parts,
    production: true,
    broker: { ...kafka, replicas: async () => [] },
    state: { ...parts.state, facts: async () => new Map() },
    registry: registryOf({}),
  });
  const silent = checks.filter(({ verdict, todo }) => (verdict === 'ok') !== (todo === undefined));
  expect(silent.map(line)).toEqual([]);
  expect(checks.filter(({ todo }) => todo !== undefined).length).toBeGreaterThan(4);
});
