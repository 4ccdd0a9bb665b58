import type { JobEvent } from '../core/generated/job-event.ts';
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

/** Makes the telemetry events of one job type. */
export const createTeller = (job: JobDefinition<unknown>, identity: ServiceIdentity) => {
  const of = (
    delivery: Delivery,
    type: JobEventType,
    step: string,
    atMs: number,
    facts: Partial<Omit<JobEvent, 'type' | 'eventId'>> = {},
  ): JobEvent =>
    makeJobEvent(job, identity, type, step, {
      time: atMs,
      jobId: delivery.job.id,
      tenantId: delivery.tenant,
      userId: delivery.envelope.userId ?? null,
      correlationId: delivery.correlationId,
      causationId: delivery.envelope.causationId ?? delivery.envelope.eventId ?? null,
      traceparent: delivery.envelope.traceparent ?? null,
      origin: delivery.origin,
      hop: delivery.job.hop,
      attempt: delivery.job.attempt,
      starts: delivery.job.starts,
      replayId: delivery.job.replayId ?? null,
      ...facts,
    });

  /** A step of a run; told twice it has the same id, since no two runs share a fence. */
  const ofRun = (
    delivery: Delivery,
    type: JobEventType,
    run: RunFacts,
    atMs: number,
    facts: Partial<Omit<JobEvent, 'type' | 'eventId'>> = {},
  ): JobEvent => of(delivery, type, `fence:${run.fence}`, atMs, { ...run, ...facts });

  return { of, ofRun };
};

export type Teller = ReturnType<typeof createTeller>;
