import type { Config } from '../../config/index.ts';
import type { Worker } from '../../consumers/engine-parts.ts';
import type { AppDefinition } from '../../core/app.ts';
import { systemClock } from '../../core/clock.ts';
import type { Log } from '../../core/ports/log.ts';
import { serveQueries } from '../analytics/query-server.ts';
import type { Backend } from '../backend.ts';
import { createProjection } from './projection.ts';

/** What a process has, of which its projection is made. */
export interface ProjectionHost {
  readonly app: AppDefinition;
  readonly config: Config;
  readonly backend: Backend;
  readonly log: Log;
}

/** The file of an app's projection, unless the configuration names another one; in memory there is none. */
export const projectionPath = (app: string, { backend, projection }: Config): string =>
  projection.path ?? (backend === 'memory' ? ':memory:' : `./${app}.projection.duckdb`);

/** The projection, where the process is to have one. */
export const projectionsOf = (
  { app, config, backend, log }: ProjectionHost,
  roles: readonly string[] = [],
): readonly Worker[] => {
  if (!roles.includes('projection')) return [];
  const { broker, serde } = backend;
  const path = projectionPath(app.name, config);
  const { retentionMs } = config.projection;
  return [
    createProjection({
      ...{ app: app.name, broker, serde, clock: systemClock, log, path, retentionMs },
      // A store in memory is nobody else's, and has no place for a socket beside it.
      ...(path === ':memory:' ? {} : { beside: serveQueries }),
    }),
  ];
};
