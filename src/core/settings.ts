import type { AppDefinition } from './app.ts';
import { EsteiraError } from './errors.ts';
import type { JobDefinition } from './job.ts';
import type { QueueDefinition } from './queue.ts';

/** What the environment of a process says for all its job types. */
export interface EnvironmentDefaults {
  /** `WORKER_DEFAULT_TIMEOUT_SECONDS`, ms; default 300,000. */
  readonly attemptTimeoutMs?: number | undefined;
  /** `WORKER_MAX_CONCURRENT_JOBS`; default 10. */
  readonly maxConcurrentJobs?: number | undefined;
}

/** What a job type runs with. */
export interface JobSettings {
  readonly queue: QueueDefinition;
  /** How long one attempt may run, ms. */
  readonly attemptTimeoutMs: number;
  /** How long it may wait for its turn, ms; without end where nobody says. */
  readonly queueTimeoutMs: number;
  readonly whenFull: 'wait' | 'skip';
  /** Most of its jobs at once in one process. */
  readonly concurrency: number;
}

const ATTEMPT_TIMEOUT_MS = 300_000;
const MAX_CONCURRENT_JOBS = 10;

/**
 * What a job type runs with: what it says itself goes before its queue, that before the environment, and that before
 * the defaults. Caps are no such settings: each of them holds, so the smallest counts.
 *
 * @throws EsteiraError ESTEIRA_DEFINITION_INVALID on a job type of another app, whose queue is not among this one's.
 */
export const resolveSettings = (
  app: Pick<AppDefinition, 'queues'>,
  job: Pick<JobDefinition<unknown>, 'queue' | 'attemptTimeoutMs' | 'queueTimeoutMs' | 'concurrency'>,
  environment: EnvironmentDefaults = {},
): JobSettings => {
  const queue = app.queues.get(job.queue);
  if (queue === undefined) {
    throw new EsteiraError('ESTEIRA_DEFINITION_INVALID', `queue ${job.queue} is not among the app's queues`);
  }
  const patienceMs = queue.whenFull === 'skip' ? 0 : Number.POSITIVE_INFINITY;
  return {
    queue,
    attemptTimeoutMs:
      job.attemptTimeoutMs ?? queue.attemptTimeoutMs ?? environment.attemptTimeoutMs ?? ATTEMPT_TIMEOUT_MS,
    queueTimeoutMs: job.queueTimeoutMs ?? queue.queueTimeoutMs ?? patienceMs,
    whenFull: queue.whenFull,
    concurrency: Math.min(
      job.concurrency ?? Number.POSITIVE_INFINITY,
      queue.concurrency ?? Number.POSITIVE_INFINITY,
      environment.maxConcurrentJobs ?? MAX_CONCURRENT_JOBS,
    ),
  };
};

/**
 * What becomes of a job that has no slot yet, or had to wait `waitedMs` for it, counted from when it came or was due.
 * `dead` is a dead letter, `max_age`.
 */
export const afterWaiting = (
  { queueTimeoutMs, whenFull }: Pick<JobSettings, 'queueTimeoutMs' | 'whenFull'>,
  waitedMs: number,
): 'wait' | 'skip' | 'dead' => {
  if (waitedMs < queueTimeoutMs) return 'wait';
  return whenFull === 'skip' ? 'skip' : 'dead';
};
