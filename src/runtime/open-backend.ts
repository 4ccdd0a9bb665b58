import type { Config } from '../config/index.ts';
import type { AppDefinition } from '../core/app.ts';
import type { Log } from '../core/ports/log.ts';
import { type Backend, openMemoryBackend } from './backend.ts';

/**
 * Opens what the configuration asks for. Connections are made when first used; the vendors' code is loaded only when
 * it is needed.
 */
export const openBackend = async (app: AppDefinition, config: Config, log: Log): Promise<Backend> => {
  if (config.backend === 'memory') return openMemoryBackend(app);
  const { openKafkaBackend } = await import('./kafka-backend.ts');
  return openKafkaBackend(app, config, log);
};
