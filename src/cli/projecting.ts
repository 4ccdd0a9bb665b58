import { resolve } from 'node:path';
import { loadConfig } from '../config/index.ts';
import { EsteiraError, isEsteiraError } from '../core/errors.ts';
import { findProjection, openProjection, type Projection } from '../runtime/analytics/index.ts';
import { projectionPath } from '../runtime/projection/index.ts';
import { loadApp } from './load-app.ts';
import type { CommonOptions } from './session.ts';
import type { Terminal } from './terminal.ts';

/** One in memory is its process's alone. */
const IN_MEMORY = ':memory:';

const pathOf = async (terminal: Terminal, options: CommonOptions): Promise<string | undefined> => {
  const app = await loadApp(terminal, options.app);
  const path = projectionPath(app.name, loadConfig(terminal.environment));
  return path === IN_MEMORY ? undefined : resolve(terminal.cwd, path);
};

/** What keeps a projection from being asked, where a command can do without it. */
const isOutOfReach = (error: unknown): error is EsteiraError =>
  isEsteiraError(error, 'ESTEIRA_PROJECTION_UNAVAILABLE') || isEsteiraError(error, 'ESTEIRA_PACKAGE_MISSING');

/**
 * Runs work with the app's projection, if it has one that can be asked; one that cannot is told on standard error.
 *
 * @throws what the work throws
 */
export const withProjectionIfAny = async <T>(
  terminal: Terminal,
  options: CommonOptions,
  work: (projection: Projection | undefined) => Promise<T>,
): Promise<T> => {
  const path = await pathOf(terminal, options);
  let projection: Projection | undefined;
  try {
    projection = path === undefined ? undefined : await findProjection(path);
  } catch (error) {
    if (!isOutOfReach(error)) throw error;
    terminal.err(`The projection is left out: ${error.message}`);
  }
  try {
    return await work(projection);
  } finally {
    await projection?.close();
  }
};

/**
 * Runs a command on the app's projection and closes it afterwards.
 *
 * @throws EsteiraError ESTEIRA_PROJECTION_UNAVAILABLE where there is none, and what the command throws.
 */
export const withProjection = async <T>(
  terminal: Terminal,
  options: CommonOptions,
  work: (projection: Projection) => Promise<T>,
): Promise<T> => {
  const path = await pathOf(terminal, options);
  if (path === undefined)
    throw new EsteiraError(
      'ESTEIRA_PROJECTION_UNAVAILABLE',
      'the backend is memory, whose projection no other process can ask: set KAFKA_BROKERS and the other services, or PROJECTION_PATH to a file',
    );
  const projection = await openProjection(path);
  try {
    return await work(projection);
  } finally {
    await projection.close();
  }
};

/** Which projection answered, for people. */
export const answeredBy = ({ by, path }: Projection): string =>
  by === 'process' ? `the running projection (${path})` : `the projection ${path}, which nobody writes now`;
