import { join } from 'node:path';
import { loadSchemaProject, registerSchemas } from '../../src/serde/index.ts';
import { startStack } from '../../stack/index.ts';
import { runningStack } from '../../stack/run-file.ts';
import { ROOT } from './compiled.ts';

/** Kafka, a schema registry and Redis, with all schemas registered. */
export interface Services {
  readonly env: Readonly<Record<string, string>>;
  /** Their processes, as far as they are known: what they use is no noise. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

const registerAll = async (registryUrl: string): Promise<void> => {
  for (const project of ['schemas/esteira.schemas.json', 'bench/schemas/esteira.schemas.json']) {
    const { files } = await loadSchemaProject(join(ROOT, project));
    await registerSchemas({ files, registry: { url: registryUrl } });
  }
};

/** The processes behind addresses of the environment, if `npm run stack` started them. */
const pidsOfRunningStack = (env: Readonly<Record<string, string>>): readonly number[] => {
  const stack = runningStack();
  if (stack === undefined || stack.env['KAFKA_BROKERS'] !== env['KAFKA_BROKERS']) return [];
  return Object.values(stack.services).map(({ pid }) => pid);
};

/** Takes the services of the environment, or starts its own (whose broker compiles fully) and stops them at the end. */
export const openServices = async (): Promise<Services> => {
  const stack = await startStack({ brokers: 1, redis: 1, registry: true, quiet: true, fullJit: true });
  await registerAll(stack.env['SCHEMA_REGISTRY_URL'] ?? '');
  const started = [
    ...stack.brokers,
    ...stack.redis,
    ...(stack.registry === undefined ? [] : [stack.registry]),
  ];
  const own = started.map(({ pid }) => pid).filter((pid) => pid > 0);
  return {
    env: stack.env,
    pids: own.length > 0 ? own : pidsOfRunningStack(stack.env),
    stop: () => stack.stop(),
  };
};
