import { expect, test } from 'vitest';
import { lookAtConfiguration } from '../../../../src/runtime/doctor/configuration.ts';
import { line } from './bench.ts';

const KAFKA = {
  KAFKA_BROKERS: 'kafka:9092',
  SCHEMA_REGISTRY_URL: 'http://registry:8081',
  REDIS_URL: 'redis://:s3cret@redis:6379',
};
const about = (environment: Record<string, string>) => {
  const { config, checks } = lookAtConfiguration(environment);
  return { backend: config?.backend, said: checks.map(line) };
};

test('an environment that is usable is one line', () => {
  expect(about(KAFKA)).toEqual({
    backend: 'kafka',
    said: ['ok environment: backend kafka, not production; no variable is misspelt'],
  });
});

test('memory is well in development, and there is nothing more to look at', () => {
  expect(about({})).toMatchObject({
    backend: 'memory',
    said: [expect.stringMatching(/^ok environment: .*memory/)],
  });
});

test('memory in production is a problem', () => {
  expect(about({ NODE_ENV: 'production' })).toEqual({
    backend: undefined,
    said: ['problem backend: memory in production: everything is forgotten when the process ends'],
  });
});

test('misspelt and wrong variables are a problem each, by name, and no value is repeated', () => {
  const { said } = about({ ...KAFKA, KAFKA_BROKER: 'hidden', HEALTH_PORT: 'hidden' });
  expect(said).toEqual([
    'problem HEALTH_PORT: give a whole number from 0 to 65535',
    'problem KAFKA_BROKER: not a variable of Esteira: did you mean KAFKA_BROKERS?',
  ]);
  expect(said.join()).not.toContain('hidden');
});

test('in production, records without encryption are a warning', () => {
  const { said } = about({ ...KAFKA, NODE_ENV: 'production' });
  expect(said[1]).toBe('warning KAFKA_SSL: records travel unencrypted');
  const known = about({ ...KAFKA, NODE_ENV: 'production', KAFKA_SSL: 'true' });
  expect(known.said[1]).toBe('warning KAFKA_SASL_*: Kafka does not know who we are');
});
