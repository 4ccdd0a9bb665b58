import type { EngineParts, Worker, WorkerStatus } from '../consumers/engine-parts.ts';
import { JobWorker } from '../consumers/job-worker.ts';
import { Relay } from '../consumers/relay.ts';
import type { WorkerFacts } from '../consumers/worker-facts.ts';
import type { AppDefinition } from '../core/app.ts';
import { EsteiraError } from '../core/errors.ts';
import type { JobDefinition } from '../core/job.ts';
import { didYouMean } from '../core/nearest-name.ts';
import type { ReportStore } from '../core/ports/process-reports.ts';
import { ReportTeller } from './report-teller.ts';

/** A part an `esteira start` process plays. */
export type Role = 'worker' | 'relay' | 'projection';

/** The parts a process plays that is not told which. */
export const ROLES: readonly Role[] = ['worker', 'relay'];

/** Every part there is; a projection needs a package and a disk, and is asked for. */
export const ALL_ROLES: readonly Role[] = [...ROLES, 'projection'];

/** Every consuming part of a process. */
export interface Workers {
  start(): Promise<void>;
  drain(graceMs: number): Promise<void>;
  stop(): Promise<void>;
  status(): readonly WorkerStatus[];
  /** What they count and have under way, for metrics. */
  facts(): readonly WorkerFacts[];
}

/** What a process is for. */
export interface WorkerChoice {
  /** Default {@link ROLES}. */
  readonly roles?: readonly Role[];
  /** Queues whose job types run here; default all. */
  readonly queues?: readonly string[];
}

/** Whether jobs of this type run in the process. */
export const runsJob = (
  { roles = ROLES, queues }: WorkerChoice,
  { queue }: JobDefinition<unknown>,
): boolean => roles.includes('worker') && (queues === undefined || queues.includes(queue));

/** @throws EsteiraError ESTEIRA_CONFIG_INVALID naming what is not a queue of the app. */
const jobsOf = (app: AppDefinition, queues: readonly string[] | undefined): AppDefinition['jobs'] => {
  if (queues === undefined) return app.jobs;
  const unknown = queues.filter((name) => !app.queues.has(name));
  const jobs = app.jobs.filter(({ queue }) => queues.includes(queue));
  if (unknown.length === 0 && jobs.length > 0) return jobs;
  if (unknown.length === 0)
    throw new EsteiraError(
      'ESTEIRA_CONFIG_INVALID',
      `${queues.join(', ')}: no job type of ${app.name} is in there, so nothing would run: name the queue of a job type`,
    );
  throw new EsteiraError(
    'ESTEIRA_CONFIG_INVALID',
    `${unknown.join(', ')}: no such queue in ${app.name}, which has ${[...app.queues.keys()].join(', ')}${didYouMean(unknown[0] ?? '', [...app.queues.keys()])}`,
  );
};

export interface WorkerParts extends EngineParts {
  /** Where the process says what runs in it; absent where nobody would ask. */
  readonly reports?: ReportStore;
}

/** Makes the workers of these roles: one for each job type of these queues, one relay for each tier; `others` beside them. */
export const createWorkers = (
  parts: WorkerParts,
  { roles = ROLES, queues }: WorkerChoice,
  others: readonly Worker[] = [],
): Workers => {
  const chosen = jobsOf(parts.app, queues);
  const relays = roles.includes('relay') ? parts.app.ladderMs.map((tierMs) => new Relay(parts, tierMs)) : [];
  const jobs = roles.includes('worker') ? chosen.map((job) => new JobWorker(parts, job)) : [];
  const all: readonly Worker[] = [...relays, ...jobs, ...others];
  const each = async (call: (worker: Worker) => Promise<void>): Promise<void> => {
    await Promise.all(all.map(call));
  };
  const teller = tellerOf(parts, jobs);
  return {
    start: async () => {
      await each((worker) => worker.start());
      teller?.start();
    },
    drain: (graceMs) => each((worker) => worker.drain(graceMs)),
    stop: async () => {
      teller?.stop();
      await each((worker) => worker.stop());
    },
    status: () => all.map((worker) => worker.status()),
    facts: () => all.flatMap((worker) => worker.facts?.() ?? []),
  };
};

/** Says to other processes what runs in this one; undefined where no jobs do. */
const tellerOf = (
  { reports: store, clock, log }: WorkerParts,
  jobs: readonly JobWorker[],
): ReportTeller | undefined =>
  store === undefined || jobs.length === 0
    ? undefined
    : new ReportTeller({ store, clock, log, accounts: () => jobs.map((job) => job.account()) });
