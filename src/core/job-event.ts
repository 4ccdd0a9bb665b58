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
export type StepFacts = Partial<Omit<JobEvent, 'type' | 'eventId'>>;

const NO_FACTS: StepFacts = Object.freeze({});
/** Shared by all events that have none. */
const NONE: Readonly<Record<string, never>> = Object.freeze({});

/**
 * Makes a telemetry event of a job type. Its id is made of (`stepId`, type): the same step told twice, also by another
 * process, has the same id. What `more` says goes before `facts`.
 *
 * One literal of all fields in their order: two of them are made a job, and a spread would cost more than their encoding.
 */
export const makeJobEvent = (
  job: JobDefinition<unknown>,
  identity: ServiceIdentity,
  type: JobEventType,
  stepId: string,
  facts: JobEventFacts,
  more: StepFacts = NO_FACTS,
): JobEvent => {
  const jobId = more.jobId ?? facts.jobId;
  return {
    eventId: eventIdOf(stepId, JOB_EVENT_TYPES.indexOf(type)),
    type,
    time: more.time ?? facts.time,
    jobId,
    jobType: job.type,
    className: pick(more.className, facts.className, job.className),
    queue: more.queue ?? facts.queue ?? job.queue,
    kind: more.kind ?? facts.kind ?? job.kind,
    tenantId: more.tenantId ?? facts.tenantId,
    userId: pick(more.userId, facts.userId, null),
    correlationId: more.correlationId ?? facts.correlationId,
    causationId: pick(more.causationId, facts.causationId, null),
    traceparent: pick(more.traceparent, facts.traceparent, null),
    executionId: pick(more.executionId, facts.executionId, null),
    service: more.service ?? facts.service ?? identity.service,
    attempt: more.attempt ?? facts.attempt ?? 0,
    starts: more.starts ?? facts.starts ?? 0,
    maxAttempts: more.maxAttempts ?? facts.maxAttempts ?? job.retry.attempts,
    origin: more.origin ?? facts.origin,
    hop: more.hop ?? facts.hop,
    queueWaitMs: pick(more.queueWaitMs, facts.queueWaitMs, null),
    runMs: pick(more.runMs, facts.runMs, null),
    latenessMs: pick(more.latenessMs, facts.latenessMs, null),
    dueAt: pick(more.dueAt, facts.dueAt, null),
    errorCode: pick(more.errorCode, facts.errorCode, null),
    errorClass: pick(more.errorClass, facts.errorClass, null),
    errorMessage: pick(more.errorMessage, facts.errorMessage, null),
    errorFingerprint: pick(more.errorFingerprint, facts.errorFingerprint, null),
    reason: pick(more.reason, facts.reason, null),
    fence: pick(more.fence, facts.fence, null),
    replayId: pick(more.replayId, facts.replayId, null),
    costMicros: pick(more.costMicros, facts.costMicros, null),
    costCurrency: pick(more.costCurrency, facts.costCurrency, null),
    dimensions: more.dimensions ?? facts.dimensions ?? NONE,
    metrics: more.metrics ?? facts.metrics ?? NONE,
    codeVersion: pick(more.codeVersion, facts.codeVersion, identity.codeVersion ?? null),
    host: more.host ?? facts.host ?? identity.host,
  };
};

/** The first that is said; null is said too. */
const pick = <T>(first: T | undefined, second: T | undefined, last: T): T =>
  first !== undefined ? first : second !== undefined ? second : last;
