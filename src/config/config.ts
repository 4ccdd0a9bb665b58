import type { VariableValues } from './variables.ts';

/** `{ [name]: value }`, or nothing when the value is undefined. */
const optional = <K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } =>
  (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: V };

const sslOf = (values: VariableValues) => {
  const files = [values.KAFKA_SSL_CA, values.KAFKA_SSL_CERT, values.KAFKA_SSL_KEY];
  if (values.KAFKA_SSL !== true && files.every((file) => file === undefined)) return undefined;
  return {
    ...optional('ca', values.KAFKA_SSL_CA),
    ...optional('cert', values.KAFKA_SSL_CERT),
    ...optional('key', values.KAFKA_SSL_KEY),
  };
};

const saslOf = (values: VariableValues) => {
  const {
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: username,
    KAFKA_SASL_PASSWORD: password,
  } = values;
  if (mechanism === undefined || username === undefined || password === undefined) return undefined;
  return { mechanism, username, password };
};

const kafkaOf = (values: VariableValues) => ({
  brokers: values.KAFKA_BROKERS ?? [],
  /** PEM texts; absent means no TLS. */
  ...optional('ssl', sslOf(values)),
  ...optional('sasl', saslOf(values)),
  /** Absent: 3, or the number of brokers if fewer. */
  ...optional('replicationFactor', values.KAFKA_REPLICATION_FACTOR),
});

const registryOf = (values: VariableValues) => ({
  /** Holds no credentials. */
  url: values.SCHEMA_REGISTRY_URL ?? '',
  ...optional('username', values.SCHEMA_REGISTRY_USERNAME),
  ...optional('password', values.SCHEMA_REGISTRY_PASSWORD),
});

/** In memory nothing needs a registry, but `esteira schemas` may speak to one. */
const registryIfNamed = (values: VariableValues) =>
  values.SCHEMA_REGISTRY_URL === undefined ? undefined : registryOf(values);

const redisUrl = (values: VariableValues): URL => {
  const host = values.REDIS_HOST ?? 'localhost';
  const url = new URL(values.REDIS_URL ?? `redis://${host}:${values.REDIS_PORT ?? 6379}`);
  if (values.REDIS_PASSWORD !== undefined) url.password = encodeURIComponent(values.REDIS_PASSWORD);
  return url;
};

const redisOf = (values: VariableValues) => {
  const url = redisUrl(values);
  return {
    /** May hold a password: never show it. */
    url: url.href,
    /** `host:port`, for messages. */
    address: `${url.hostname}:${url.port === '' ? '6379' : url.port}`,
  };
};

const HOUR_MS = 3_600_000;

/** Milliseconds of checked hours or days, such as `36h`, `90d`. */
const hoursMs = (text: string): number =>
  Number.parseInt(text, 10) * (text.endsWith('d') ? 24 * HOUR_MS : HOUR_MS);

const commonOf = (values: VariableValues) => ({
  production: values.NODE_ENV === 'production',
  /** The technical identity of the process; absent: the app's name. */
  ...optional('serviceName', values.SERVICE_NAME),
  /** Version of the app's code, such as a release or a commit. */
  ...optional('serviceVersion', values.SERVICE_VERSION),
  /** Who may operate, and as what; absent: `esteira.operators.json` where there is one. */
  ...optional('operatorsFile', values.ESTEIRA_OPERATORS_FILE),
  logLevel: values.LOG_LEVEL,
  /** 0: any free port. */
  healthPort: values.HEALTH_PORT,
  /** Tenants that have metrics of their own; 0: none. */
  topTenants: values.METRICS_TOP_TENANTS,
  projection: {
    /** The DuckDB file; absent: `./<app>.projection.duckdb`, and in memory none. */
    ...optional('path', values.PROJECTION_PATH),
    retentionMs: hoursMs(values.PROJECTION_RETENTION),
  },
  worker: {
    maxConcurrentJobs: values.WORKER_MAX_CONCURRENT_JOBS,
    defaultTimeoutMs: values.WORKER_DEFAULT_TIMEOUT_SECONDS * 1_000,
    shutdownGraceMs: values.WORKER_SHUTDOWN_GRACE_SECONDS * 1_000,
  },
});

/** The configuration made of checked variables. */
export const configOf = (values: VariableValues, backend: 'kafka' | 'memory') =>
  backend === 'memory'
    ? { backend, ...commonOf(values), ...optional('registry', registryIfNamed(values)) }
    : {
        backend,
        ...commonOf(values),
        kafka: kafkaOf(values),
        registry: registryOf(values),
        redis: redisOf(values),
      };

/** What Esteira runs with: in memory, or on Kafka, a schema registry and Redis. */
export type Config = ReturnType<typeof configOf>;

/** The configuration of the kafka backend. */
export type KafkaBackendConfig = Extract<Config, { readonly backend: 'kafka' }>;
