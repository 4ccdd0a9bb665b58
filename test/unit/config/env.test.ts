import { describe, expect, it } from 'vitest';
import { type Environment, loadConfig } from '../../../src/config/index.ts';
import { wantsTraces } from '../../../src/config/tracing.ts';
import { EsteiraError } from '../../../src/core/errors.ts';

const KAFKA = {
  KAFKA_BROKERS: 'one:9092, two:9092',
  SCHEMA_REGISTRY_URL: 'http://registry:8081',
  REDIS_URL: 'redis://cache:6380',
};
const PEM = '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----';

const refusalOf = (env: Environment, readFile?: (path: string) => string): EsteiraError => {
  try {
    loadConfig(env, readFile);
  } catch (error) {
    if (error instanceof EsteiraError) return error;
  }
  throw new Error('the environment was accepted');
};

const problemsOf = (env: Environment, readFile?: (path: string) => string): readonly string[] => {
  const { code, facts } = refusalOf(env, readFile);
  expect(code).toBe('ESTEIRA_CONFIG_INVALID');
  return facts['problems'] as readonly string[];
};

describe('the backend', () => {
  it('is memory when nothing is said', () => {
    expect(loadConfig({})).toEqual({
      backend: 'memory',
      production: false,
      logLevel: 'info',
      healthPort: 9464,
      topTenants: 10,
      projection: { retentionMs: 90 * 86_400_000 },
      worker: { maxConcurrentJobs: 10, defaultTimeoutMs: 300_000, shutdownGraceMs: 30_000 },
    });
  });

  it('is kafka when brokers are named', () => {
    const config = loadConfig(KAFKA);
    if (config.backend !== 'kafka') throw new Error('not kafka');
    expect(config.kafka).toEqual({ brokers: ['one:9092', 'two:9092'] });
    expect(config.registry).toEqual({ url: 'http://registry:8081' });
    expect(config.redis).toEqual({ url: 'redis://cache:6380', address: 'cache:6380' });
  });

  it('is what QUEUE_BACKEND says, also when brokers are named', () => {
    expect(loadConfig({ ...KAFKA, QUEUE_BACKEND: 'memory' }).backend).toBe('memory');
    expect(problemsOf({ QUEUE_BACKEND: 'kafka' })).toHaveLength(3);
  });

  it('kafka says which of its services is missing', () => {
    const problems = problemsOf({ KAFKA_BROKERS: 'one:9092' });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual(['SCHEMA_REGISTRY_URL', 'REDIS_URL']);
    expect(problems[0]).toContain('because KAFKA_BROKERS is set');
  });

  it('memory is refused in production', () => {
    expect(refusalOf({ NODE_ENV: 'production' }).code).toBe('ESTEIRA_MEMORY_BACKEND_IN_PRODUCTION');
    expect(loadConfig({ ...KAFKA, NODE_ENV: 'production' }).production).toBe(true);
  });

  it('a retention of the projection is hours or days, and nothing else', () => {
    expect(loadConfig({ PROJECTION_RETENTION: '36h' }).projection.retentionMs).toBe(36 * 3_600_000);
    for (const text of ['3w', '0d', '90', '-1d'])
      expect(problemsOf({ PROJECTION_RETENTION: text })[0]).toContain('PROJECTION_RETENTION');
  });

  it('memory in production is told with the other problems when there are some', () => {
    const problems = problemsOf({ NODE_ENV: 'production', HEALTH_PORT: 'x' });
    expect(problems).toHaveLength(2);
    expect(problems[1]).toContain('NODE_ENV is production');
  });
});

describe('the connections', () => {
  it('take host, port and password of Redis in place of a URL, whatever the password holds', () => {
    const { REDIS_URL: _, ...rest } = KAFKA;
    const config = loadConfig({
      ...rest,
      REDIS_HOST: 'cache',
      REDIS_PORT: '6390',
      REDIS_PASSWORD: 'p@ss/w:rd#%',
    });
    if (config.backend !== 'kafka') throw new Error('not kafka');
    expect(decodeURIComponent(new URL(config.redis.url).password)).toBe('p@ss/w:rd#%');
    expect(config.redis.address).toBe('cache:6390');
  });

  it('read certificates from files or from the variable itself', () => {
    const files: Record<string, string> = { '/tls/ca.pem': PEM };
    const config = loadConfig(
      {
        ...KAFKA,
        KAFKA_SSL_CA: '/tls/ca.pem',
        KAFKA_SSL_CERT: PEM.replaceAll('\n', '\\n'),
        KAFKA_SSL_KEY: PEM,
      },
      (path) => files[path] ?? '',
    );
    if (config.backend !== 'kafka') throw new Error('not kafka');
    expect(config.kafka.ssl).toEqual({ ca: PEM, cert: PEM, key: PEM });
  });

  it('name the variable whose PEM file cannot be read', () => {
    const unreadable = () => {
      throw new Error('ENOENT');
    };
    expect(problemsOf({ ...KAFKA, KAFKA_SSL_CA: '/nowhere' }, unreadable)).toEqual([
      'KAFKA_SSL_CA: give PEM text, or the path of a readable PEM file',
    ]);
  });

  it('carry SASL credentials and a replication factor', () => {
    const config = loadConfig({
      ...KAFKA,
      KAFKA_SSL: 'TRUE',
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: 'esteira',
      KAFKA_SASL_PASSWORD: 'word',
      KAFKA_REPLICATION_FACTOR: '2',
    });
    if (config.backend !== 'kafka') throw new Error('not kafka');
    expect(config.kafka).toMatchObject({
      ssl: {},
      sasl: { mechanism: 'scram-sha-512', username: 'esteira', password: 'word' },
      replicationFactor: 2,
    });
  });

  it.each([
    [{ KAFKA_SASL_USERNAME: 'a' }, ['KAFKA_SASL_MECHANISM is missing', 'KAFKA_SASL_PASSWORD is missing']],
    [{ SCHEMA_REGISTRY_PASSWORD: 'a' }, ['SCHEMA_REGISTRY_USERNAME is missing']],
    [{ KAFKA_SSL_KEY: PEM }, ['KAFKA_SSL_CERT is missing']],
    [{ KAFKA_SSL: 'false', KAFKA_SSL_CA: PEM }, ['KAFKA_SSL is false, but']],
    [{ REDIS_HOST: 'cache' }, ['REDIS_URL and REDIS_HOST are both set']],
  ])('that contradict themselves are refused: %o', (env, starts) => {
    const problems = problemsOf({ ...KAFKA, ...env });
    expect(problems).toHaveLength(starts.length);
    for (const [index, start] of starts.entries()) expect(problems[index]).toContain(start);
  });
});

describe('traces', () => {
  it.each([
    [{}, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, true],
    [{ OTEL_TRACES_EXPORTER: 'console' }, true],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318' }, false],
    [{ OTEL_TRACES_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'true' }, false],
  ])('with %o are wanted: %s', (env, wanted) => {
    expect(wantsTraces(env)).toBe(wanted);
  });
});

describe('problems', () => {
  it('are reported all at once', () => {
    const problems = problemsOf({
      QUEUE_BACKEND: 'rabbit',
      KAFKA_BROKERS: 'one',
      LOG_LEVEL: 'loud',
      HEALTH_PORT: '70000',
      WORKER_MAX_CONCURRENT_JOBS: '0',
      WORKER_DEFAULT_TIMEOUT_SECONDS: '1.5',
      REDIS_HOSTS: 'cache',
    });
    expect(problems.map((problem) => problem.split(/[: ]/)[0])).toEqual([
      'LOG_LEVEL',
      'HEALTH_PORT',
      'QUEUE_BACKEND',
      'KAFKA_BROKERS',
      'WORKER_MAX_CONCURRENT_JOBS',
      'WORKER_DEFAULT_TIMEOUT_SECONDS',
      'SCHEMA_REGISTRY_URL',
      'REDIS_URL',
      'REDIS_HOSTS',
    ]);
  });

  it('never repeat a value', () => {
    const secret = 'hunter2-S3cret';
    const env = Object.fromEntries(
      [
        'KAFKA_BROKERS',
        'SCHEMA_REGISTRY_URL',
        'REDIS_URL',
        'REDIS_PORT',
        'KAFKA_SSL',
        'KAFKA_SSL_CA',
        'LOG_LEVEL',
      ]
        .concat(['KAFKA_SASL_PASSWORD', 'HEALTH_PORT', 'KAFKA_SASL_MECHANISM', 'QUEUE_BACKEND', 'ESTEIRA_X'])
        .map((name) => [name, secret]),
    );
    const error = refusalOf({ ...env, SCHEMA_REGISTRY_URL: `http://me:${secret}@registry` });
    expect(JSON.stringify([error.message, error.facts])).not.toContain(secret);
    expect(error.message).toContain('SCHEMA_REGISTRY_USERNAME');
  });

  it('leave out what Kubernetes sets beside a service called redis', () => {
    const config = loadConfig({
      ...KAFKA,
      REDIS_PORT: 'tcp://10.0.0.1:6379',
      REDIS_SERVICE_HOST: '10.0.0.1',
    });
    expect(config.backend).toBe('kafka');
  });

  it('count an empty variable as not set', () => {
    expect(loadConfig({ KAFKA_BROKERS: '', KAFKA_SSL_CA: '  ', LOG_LEVEL: '' }).backend).toBe('memory');
  });
});

describe('misspelt variables', () => {
  it.each([
    ['KAFKA_BROKER', 'KAFKA_BROKERS'],
    ['REDIS_HOTS', 'REDIS_HOST'],
    ['SCHEMA_REGISTRY_URI', 'SCHEMA_REGISTRY_URL'],
    ['SERVICE_NAMES', 'SERVICE_NAME'],
    ['WORKER_CONCURRENT_JOBS', 'WORKER_MAX_CONCURRENT_JOBS'],
    ['QUEUE_BACKENT', 'QUEUE_BACKEND'],
    ['KAFKA_SSL_KEYY', 'KAFKA_SSL_KEY'],
  ])('%s is refused with the name that was meant', (name, meant) => {
    expect(problemsOf({ [name]: 'x' })).toEqual([
      `${name} is not a variable of Esteira: did you mean ${meant}?`,
    ]);
  });

  it.each([
    'KAFKA_HEAP_OPTS',
    'REDIS_URL_SESSIONS',
    'REDIS_SERVICE_HOST',
    'WORKER_PORT_80_TCP_ADDR',
    'SERVICE_NAME_API',
    'LOG_FORMAT',
  ])('%s belongs to somebody else and is left alone', (name) => {
    expect(loadConfig({ [name]: 'x' }).backend).toBe('memory');
  });
});
