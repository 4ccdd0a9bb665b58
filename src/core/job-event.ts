import type { JobEvent } from './generated/job-event.ts';
import { eventIdOf } from './ids.ts';
import type { JobDefinition } from './job.ts';

/** Every type of a telemetry event; their order is part of the ids of events, so new ones come last. */
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

/** Facts that differ from step to step. */
export type StepFacts = Partial<Omit<JobEvent, 'type' | 'eventId' | 'jobType'>>;

/** Shared by all events that have none. */
const NONE: Readonly<Record<string, never>> = Object.freeze({});

/**
 * Makes a telemetry event of a job type. Its id is made of (`stepId`, type): the same step told twice, also by another
 * process, has the same id. What `more` says goes before `facts`, null too.
 *
 * One literal of all fields in their order, and the few fields of a step put over it: two events are made a job.
 */
export const makeJobEvent = (
  job: JobDefinition<unknown>,
  identity: ServiceIdentity,
  type: JobEventType,
  stepId: string,
  facts: JobEventFacts,
  more?: StepFacts,
): JobEvent => {
  const event: JobEvent = {
    eventId: eventIdOf(stepId, JOB_EVENT_TYPES.indexOf(type)),
    type,
    time: facts.time,
    jobId: facts.jobId,
    jobType: job.type,
    className: facts.className === undefined ? job.className : facts.className,
    queue: facts.queue ?? job.queue,
    kind: facts.kind ?? job.kind,
    tenantId: facts.tenantId,
    userId: facts.userId ?? null,
    correlationId: facts.correlationId,
    causationId: facts.causationId ?? null,
    traceparent: facts.traceparent ?? null,
    executionId: facts.executionId ?? null,
    service: facts.service ?? identity.service,
    attempt: facts.attempt ?? 0,
    starts: facts.starts ?? 0,
    maxAttempts: facts.maxAttempts ?? job.retry.attempts,
    origin: facts.origin,
    hop: facts.hop,
    queueWaitMs: facts.queueWaitMs ?? null,
    runMs: facts.runMs ?? null,
    latenessMs: facts.latenessMs ?? null,
    dueAt: facts.dueAt ?? null,
    errorCode: facts.errorCode ?? null,
    errorClass: facts.errorClass ?? null,
    errorMessage: facts.errorMessage ?? null,
    errorFingerprint: facts.errorFingerprint ?? null,
    reason: facts.reason ?? null,
    fence: facts.fence ?? null,
    replayId: facts.replayId ?? null,
    costMicros: facts.costMicros ?? null,
    costCurrency: facts.costCurrency ?? null,
    dimensions: facts.dimensions ?? NONE,
    metrics: facts.metrics ?? NONE,
    codeVersion: facts.codeVersion === undefined ? (identity.codeVersion ?? null) : facts.codeVersion,
    host: facts.host ?? identity.host,
  };
  return more === undefined ? event : Object.assign(event, more);
};
