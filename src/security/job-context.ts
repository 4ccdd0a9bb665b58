import { AsyncLocalStorage } from 'node:async_hooks';
import type { LogFacts } from '../core/ports/log.ts';
import { activeTrace } from './active-trace.ts';

/** What a running job passes on to everything it publishes, dispatches and logs. */
export interface CurrentJob {
  readonly jobId: string;
  readonly jobType: string;
  readonly tenant: string;
  readonly correlationId: string;
  /** The event or job that caused this job. */
  readonly causationId?: string | undefined;
  /** Who set the chain off; never who the job runs as. */
  readonly userId?: string | undefined;
  /** W3C trace context of the chain. */
  readonly traceparent?: string | undefined;
  /** What stands in every line that it writes to the log. */
  readonly logContext?: LogFacts;
}

const running = new AsyncLocalStorage<CurrentJob>();

/** Runs `work` as part of a job: {@link currentJobContext} answers `job` in it and in everything it starts. */
export const runInJobContext = <T, A extends readonly unknown[]>(
  job: CurrentJob,
  work: (...given: A) => T,
  ...given: A
): T => running.run(job, work, ...given);

/** The job this code runs for; undefined outside a job. */
export const currentJobContext = (): CurrentJob | undefined => running.getStore();

/**
 * What every line of `ctx.log` says of its job (`jobClass`, `organizationId`, `job_id` …), and the ids of the active span,
 * for loggers of the app's own, such as pino's `mixin`. Without a job and a span, nothing. Ids and names only, as they
 * came: the logger has to redact what it redacts.
 */
export const jobLogContext = (): LogFacts => ({ ...running.getStore()?.logContext, ...activeTrace() });
