import type { JobEvent } from '../core/generated/job-event.ts';
import { stepIdOf } from '../core/ids.ts';
import type { JobDefinition } from '../core/job.ts';
import { type JobEventType, makeJobEvent, type ServiceIdentity } from '../core/job-event.ts';
import type { ErrorSummary } from '../core/outcome.ts';
import type { Delivery } from './delivery.ts';

/** What a run adds to what is known of a delivery. */
export interface RunFacts {
  readonly executionId: string;
  readonly fence: number;
  readonly attempt: number;
  readonly starts: number;
}

/** Facts of an error as telemetry fields. */
export const errorFacts = (
  error: ErrorSummary,
): Pick<JobEvent, 'errorCode' | 'errorClass' | 'errorMessage' | 'errorFingerprint'> => ({
  errorCode: error.code,
  errorClass: error.class,
  errorMessage: error.message,
  errorFingerprint: error.fingerprint,
});

/** What every event of a delivery says; one shape for all, as two are made for each job. */
const knownOf = (delivery: Delivery, atMs: number) => {
  const { envelope, job } = delivery;
  return {
    time: atMs,
    jobId: job.id,
    tenantId: delivery.tenant,
    userId: envelope.userId ?? null,
    correlationId: delivery.correlationId,
    causationId: envelope.causationId ?? envelope.eventId ?? null,
    traceparent: envelope.traceparent ?? null,
    origin: delivery.origin,
    hop: job.hop,
    attempt: job.attempt,
    starts: job.starts,
    replayId: job.replayId ?? null,
    executionId: null as string | null,
    fence: null as number | null,
  };
};

/** Makes the telemetry events of one job type. */
export const createTeller = (job: JobDefinition<unknown>, identity: ServiceIdentity) => {
  const of = (
    delivery: Delivery,
    type: JobEventType,
    step: string,
    atMs: number,
    facts: Partial<Omit<JobEvent, 'type' | 'eventId'>> = {},
  ): JobEvent =>
    makeJobEvent(job, identity, type, stepIdOf(delivery.job.id, step), knownOf(delivery, atMs), facts);

  /** A step of a run; told twice it has the same id, since a run has one execution id, and no two share one. */
  const ofRun = (
    delivery: Delivery,
    type: JobEventType,
    run: RunFacts,
    atMs: number,
    facts: Partial<Omit<JobEvent, 'type' | 'eventId'>> = {},
  ): JobEvent => {
    const known = knownOf(delivery, atMs);
    known.executionId = run.executionId;
    known.fence = run.fence;
    known.attempt = run.attempt;
    known.starts = run.starts;
    return makeJobEvent(job, identity, type, run.executionId, known, facts);
  };

  return { of, ofRun };
};

export type Teller = ReturnType<typeof createTeller>;
