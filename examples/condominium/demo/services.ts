import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../../src/config/index.ts';
import { silentLog } from '../../../src/core/ports/log.ts';
import type { AppDefinition } from '../../../src/index.ts';
import { openBackend } from '../../../src/runtime/open-backend.ts';
import { applyTopics } from '../../../src/runtime/topics/index.ts';
import { loadSchemaProject, registerSchemas } from '../../../src/serde/index.ts';
import { startStack } from '../../../stack/index.ts';

/** Where the demo runs. */
export interface Services {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly what: string;
  stop(): Promise<void>;
}

const QUIET = { LOG_LEVEL: 'silent', WORKER_SHUTDOWN_GRACE_SECONDS: '2' } as const;

/** Everything in this process. */
export const inMemory = (): Services => ({
  environment: { QUEUE_BACKEND: 'memory', ...QUIET },
  what: 'in memory',
  stop: async () => undefined,
});

const SCHEMAS = join(fileURLToPath(new URL('../../..', import.meta.url)), 'schemas/esteira.schemas.json');

/** What a deployment does before its first start: schemas registered, topics and first offsets applied. */
const prepare = async (app: AppDefinition, environment: Services['environment']): Promise<void> => {
  const { files } = await loadSchemaProject(SCHEMAS);
  await registerSchemas({ files, registry: { url: environment['SCHEMA_REGISTRY_URL'] ?? '' } });
  const backend = await openBackend(app, loadConfig(environment), silentLog);
  try {
    await applyTopics(app, backend.broker.admin, {});
  } finally {
    await backend.close();
  }
};

/** Kafka, a schema registry and Redis: those of the environment where it names them, else a stack of its own. */
export const onKafka = async (app: AppDefinition): Promise<Services> => {
  const given = process.env['KAFKA_BROKERS'] !== undefined;
  const stack = given ? undefined : await startStack({ quiet: true });
  const environment: Services['environment'] = { ...process.env, ...stack?.env, ...QUIET };
  await prepare(app, environment).catch(async (error: unknown) => {
    await stack?.stop();
    throw error;
  });
  return {
    environment,
    what: `on Kafka at ${environment['KAFKA_BROKERS']}${given ? '' : ' (started for this demo)'}`,
    stop: async () => stack?.stop(),
  };
};
