import { join } from 'node:path';
import { type Environment, loadConfig } from '../../src/config/index.ts';
import type { AppDefinition } from '../../src/core/app.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import type { Backend } from '../../src/runtime/backend.ts';
import { openBackend } from '../../src/runtime/open-backend.ts';
import { loadSchemaProject, registerSchemas } from '../../src/serde/index.ts';
import { ROOT } from './source-files.ts';

/** The real services as an app sees them, with all schemas registered. */
export interface OpenServices {
  readonly backend: Backend;
  close(): Promise<void>;
}

/** Registers the project's schemas with the registry of the environment. */
export const registerProjectSchemas = async (env: Environment = process.env): Promise<void> => {
  const { files } = await loadSchemaProject(join(ROOT, 'schemas/esteira.schemas.json'));
  await registerSchemas({ files, registry: { url: env['SCHEMA_REGISTRY_URL'] ?? '' } });
};

const registered = new Map<string, Promise<void>>();

/** A parent that has registered says so to its children, which then need not. */
const registerOnce = (env: Environment): Promise<void> => {
  const url = env['SCHEMA_REGISTRY_URL'] ?? '';
  if (process.env['TEST_SCHEMAS_REGISTERED'] === url) return Promise.resolve();
  const running = registered.get(url) ?? registerProjectSchemas(env);
  registered.set(url, running);
  return running;
};

/** Opens the services of the environment for a test process. */
export const openServices = async (
  app: AppDefinition,
  env: Environment = process.env,
): Promise<OpenServices> => {
  await registerOnce(env);
  const backend = await openBackend(app, loadConfig(env), silentLog);
  return { backend, close: () => backend.close() };
};
