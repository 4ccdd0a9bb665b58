import { z } from 'zod';
import { TRACING_VARIABLES } from './tracing.ts';

const wholeNumber = (from: number, to: number) =>
  z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= from && Number(text) <= to, {
      error: `give a whole number from ${from} to ${to}`,
    })
    .transform(Number);

const oneOf = <const V extends readonly [string, ...string[]]>(values: V) =>
  z
    .string()
    .toLowerCase()
    .pipe(z.enum(values, { error: `give one of ${values.join(', ')}` }));

/** A length of time of an hour or more. */
const hoursOrDays = z
  .string()
  .refine((text) => /^[1-9]\d{0,4}[hd]$/.test(text), { error: 'give hours or days, such as 36h or 90d' });

const url = (protocols: readonly string[], example: string) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    error: `give a URL such as ${example}`,
  });

const isHostPort = (text: string): boolean => /^(\[[0-9a-fA-F:.]+\]|[^\s:/@]+):\d{1,5}$/.test(text);

const brokerList = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .refine((brokers) => brokers.every(isHostPort), { error: 'give host:port, several with commas between' });

const withoutCredentials = (text: string): boolean => {
  const { username, password } = new URL(text);
  return username === '' && password === '';
};

/**
 * Every environment variable Esteira reads, as it must look. An empty text counts as not set. No message repeats a
 * value: what was typed may be a secret.
 */
export const Variables = z.object({
  ESTEIRA_APP: z.string().optional(),
  ESTEIRA_OPERATORS_FILE: z.string().optional(),
  NODE_ENV: z.string().optional(),
  SERVICE_NAME: z.string().optional(),
  SERVICE_VERSION: z.string().max(128, { error: 'give at most 128 characters' }).optional(),
  LOG_LEVEL: oneOf(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  HEALTH_PORT: wholeNumber(0, 65_535).default(9464),
  METRICS_TOP_TENANTS: wholeNumber(0, 100).default(10),
  PROJECTION_PATH: z.string().optional(),
  PROJECTION_RETENTION: hoursOrDays.default('90d'),
  QUEUE_BACKEND: oneOf(['kafka', 'memory']).optional(),
  KAFKA_BROKERS: brokerList.optional(),
  KAFKA_REPLICATION_FACTOR: wholeNumber(1, 99).optional(),
  KAFKA_SSL: oneOf(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  KAFKA_SSL_CA: z.string().optional(),
  KAFKA_SSL_CERT: z.string().optional(),
  KAFKA_SSL_KEY: z.string().optional(),
  KAFKA_SASL_MECHANISM: oneOf(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
  KAFKA_SASL_USERNAME: z.string().optional(),
  KAFKA_SASL_PASSWORD: z.string().optional(),
  SCHEMA_REGISTRY_URL: url(['http:', 'https:'], 'http://localhost:8081')
    .refine((text) => !URL.canParse(text) || withoutCredentials(text), {
      error:
        'the URL is shown in messages: give user and password in SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD',
    })
    .optional(),
  SCHEMA_REGISTRY_USERNAME: z.string().optional(),
  SCHEMA_REGISTRY_PASSWORD: z.string().optional(),
  REDIS_URL: url(['redis:', 'rediss:'], 'redis://localhost:6379').optional(),
  REDIS_HOST: z
    .string()
    .refine((text) => /^[^\s/@:]+$/.test(text), { error: 'give a host name without port or path' })
    .optional(),
  REDIS_PORT: wholeNumber(1, 65_535).optional(),
  REDIS_PASSWORD: z.string().optional(),
  WORKER_MAX_CONCURRENT_JOBS: wholeNumber(1, 10_000).default(10),
  WORKER_DEFAULT_TIMEOUT_SECONDS: wholeNumber(1, 604_800).default(300),
  WORKER_SHUTDOWN_GRACE_SECONDS: wholeNumber(0, 86_400).default(30),
});

/** The variables, each checked by itself. */
export type VariableValues = z.output<typeof Variables>;

/** The names of all variables Esteira reads. */
export const VARIABLE_NAMES: readonly string[] = [...Object.keys(Variables.shape), ...TRACING_VARIABLES];
