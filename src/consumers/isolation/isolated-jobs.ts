import { availableParallelism } from 'node:os';
import type { AppDefinition } from '../../core/app.ts';
import type { Clock } from '../../core/clock.ts';
import { EsteiraError, isEsteiraError } from '../../core/errors.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { LeveledLog } from '../../core/ports/log.ts';
import type { ThreadApp } from './messages.ts';
import { ThreadPool } from './thread-pool.ts';

export interface IsolationParts {
  readonly app: AppDefinition;
  readonly clock: Clock;
  readonly log: LeveledLog;
  /** Whether a job type runs in this process. */
  readonly runsHere: (job: JobDefinition<unknown>) => boolean;
}

/** The isolated job types of a process. */
export interface Isolation {
  /** The app, in which the handlers of isolated job types run in threads. */
  readonly app: AppDefinition;
  /** Ends all threads. */
  close(): Promise<void>;
}

const refuse = (jobs: readonly JobDefinition<unknown>[], problem: string, cause?: unknown): EsteiraError => {
  const types = jobs.map(({ type }) => type);
  return new EsteiraError('ESTEIRA_DEFINITION_INVALID', `isolate of ${types.join(', ')}: ${problem}`, {
    facts: { jobTypes: types },
    cause,
  });
};

const urlOf = (jobs: readonly JobDefinition<unknown>[], appModule: string | URL | undefined): string => {
  const example = "start(app, { appModule: new URL('./app.ts', import.meta.url) })";
  if (appModule === undefined) {
    const how = `a thread must load the app by itself: export it as the default of a module that does not start it, and write ${example}; or start it with \`esteira start --app PATH\``;
    throw refuse(jobs, how);
  }
  if (URL.canParse(String(appModule))) return String(appModule);
  throw refuse(jobs, `appModule is ${JSON.stringify(appModule)}, which is not a URL: write ${example}`);
};

/** What keeps the module from serving these job types; undefined when nothing does. */
const lackOf = (jobs: readonly JobDefinition<unknown>[], app: AppDefinition, found: ThreadApp) => {
  if (found.name !== app.name) return `the app of the module is ${found.name}, not ${app.name}`;
  const missing = jobs.filter(({ type }) => !found.isolated.includes(type)).map(({ type }) => type);
  if (missing.length === 0) return undefined;
  return `the app of the module has no isolated job type ${missing.join(', ')}: it must be made the same way in every thread`;
};

/** A thread is asked: the module may be waiting for this very start, and then cannot be loaded here. */
const verify = async (
  jobs: readonly JobDefinition<unknown>[],
  app: AppDefinition,
  pool: ThreadPool | undefined,
): Promise<void> => {
  const found = await pool?.load().catch((error: unknown) => {
    const why = isEsteiraError(error) && error.cause instanceof Error ? error.cause.message : String(error);
    throw refuse(jobs, `a thread cannot load the app of appModule: ${why}`, error);
  });
  const lack = found === undefined ? undefined : lackOf(jobs, app, found);
  if (lack !== undefined) throw refuse(jobs, lack);
};

/** The job type as the engine sees it: its handler runs elsewhere, and as many at once as there are threads. */
const isolated = (job: JobDefinition<unknown>, pool: ThreadPool): JobDefinition<unknown> => ({
  ...job,
  concurrency: job.concurrency ?? availableParallelism(),
  run: (payload, context) => pool.run(payload, context),
});

/**
 * Moves the handlers of isolated job types into threads of their own; undefined where there are none.
 *
 * @throws EsteiraError ESTEIRA_DEFINITION_INVALID where no thread could find them.
 */
export const openIsolation = async (
  parts: IsolationParts,
  /** URL of the module whose default export is the app. */
  given: string | URL | undefined,
): Promise<Isolation | undefined> => {
  const { app, clock, log, runsHere } = parts;
  const jobs = app.jobs.filter((job) => job.isolate !== undefined && runsHere(job));
  if (jobs.length === 0) return undefined;
  const appModule = urlOf(jobs, given);
  const pools = new Map(
    jobs.map(({ type, isolate }) => [
      type,
      new ThreadPool({ jobType: type, appModule, clock, log, ...isolate }),
    ]),
  );
  const close = async (): Promise<void> => {
    await Promise.all([...pools.values()].map((pool) => pool.close()));
  };
  try {
    // The thread that is asked stays, as the first of its job type.
    await verify(jobs, app, [...pools.values()][0]);
  } catch (error) {
    await close();
    throw error;
  }
  const moved = app.jobs.map((job) => {
    const pool = pools.get(job.type);
    return pool === undefined ? job : isolated(job, pool);
  });
  return { app: { ...app, jobs: moved }, close };
};
