import { loadConfig, readEnvironment } from '../../src/config/index.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import type { AppDefinition } from '../../src/index.ts';
import type { Backend } from '../../src/runtime/backend.ts';
import { openBackend } from '../../src/runtime/open-backend.ts';

/** Opens the services of the environment for an app. */
export const openBenchBackend = (
  app: AppDefinition,
  env: Readonly<Record<string, string | undefined>> = readEnvironment(),
): Promise<Backend> => openBackend(app, loadConfig(env), silentLog);
