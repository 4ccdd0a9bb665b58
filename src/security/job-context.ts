import { AsyncLocalStorage } from 'node:async_hooks';

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
