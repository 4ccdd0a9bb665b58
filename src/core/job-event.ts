import type { JobEvent } from './generated/job-event.ts';
import { deterministicId } from './ids.ts';
import type { JobDefinition } from './job.ts';

/** Every type of a telemetry event. */
export const JOB_EVENT_TYPES = [
  'job.dispatched',
  'job.started',
  'job.progress',
  'job.completed',
  'job.failed',
  'job.retried',
  'job.deferred',
  'job.skipped',
  'job.cancelled',
  'job.sent_to_dlq',
  'job.replayed',
  'job.suspended',
  'job.resumed',
] as const;

export type JobEventType = (typeof JOB_EVENT_TYPES)[number];

/** Who tells: the technical identity of the process. */
export interface ServiceIdentity {
  readonly service: string;
  readonly host: string;
  readonly codeVersion?: string;
}

/** What each telemetry event must say; the rest defaults to null or nothing. */
export type JobEventFacts = Pick<
  JobEvent,
  'time' | 'jobId' | 'tenantId' | 'correlationId' | 'origin' | 'hop'
> &
  Partial<Omit<JobEvent, 'type' | 'eventId'>>;

/**
 * Makes a telemetry event of a job type. Its id is made of (job id, `step`, type): the same step told twice, also by
 * another process, has the same id.
 */
export const makeJobEvent = (
  job: JobDefinition<unknown>,
  identity: ServiceIdentity,
  type: JobEventType,
  step: string,
  facts: JobEventFacts,
): JobEvent => ({
  className: job.className,
  queue: job.queue,
  kind: job.kind,
  userId: null,
  causationId: null,
  traceparent: null,
  executionId: null,
  service: identity.service,
  attempt: 0,
  starts: 0,
  maxAttempts: job.retry.attempts,
  queueWaitMs: null,
  runMs: null,
  latenessMs: null,
  dueAt: null,
  errorCode: null,
  errorClass: null,
  errorMessage: null,
  errorFingerprint: null,
  reason: null,
  fence: null,
  replayId: null,
  costMicros: null,
  costCurrency: null,
  dimensions: {},
  metrics: {},
  codeVersion: identity.codeVersion ?? null,
  host: identity.host,
  ...facts,
  jobType: job.type,
  type,
  eventId: deterministicId('telemetry', facts.jobId, step, type),
});
