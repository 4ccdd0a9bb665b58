import { costMicrosOf } from '../core/cost.ts';
import type { JobEvent } from '../core/generated/job-event.ts';
import { stepIdOf } from '../core/ids.ts';
import type { JobDefinition } from '../core/job.ts';
import { type JobEventType, makeJobEvent, type ServiceIdentity, type StepFacts } from '../core/job-event.ts';
import type { ErrorSummary } from '../core/outcome.ts';
import { redactDimensions, redactMetrics } from '../security/told-dimensions.ts';
import type { Delivery } from './delivery.ts';
import type { RunReport } from './run-report.ts';

/** What a run adds to what is known of a delivery. */
export interface RunFacts {
  readonly executionId: string;
  readonly fence: number;
  readonly attempt: number;
  readonly starts: number;
  /** What its handler says of the attempt; made when it first does, as most never do. */
  report?: RunReport;
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

const NONE: Readonly<Record<string, never>> = Object.freeze({});
const NO_QUANTITIES: ReadonlyMap<string, number> = new Map();

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
    dimensions: delivery.dimensions ?? NONE,
  };
};

/** What a step says of itself stands beside what its job type declares; of one name, the step's word counts. */
const withDeclared = ({ dimensions }: Delivery, facts: StepFacts): StepFacts =>
  dimensions === undefined || facts.dimensions === undefined
    ? facts
    : { ...facts, dimensions: { ...dimensions, ...facts.dimensions } };

/** What the handler reported, and the quantities that cost. */
const metricsOf = ({ metrics, quantities }: RunReport): Readonly<Record<string, number>> => {
  if (quantities.size === 0) return redactMetrics(metrics);
  return redactMetrics([
    ...metrics,
    ...[...quantities].map(([kind, quantity]) => [`cost.${kind}`, quantity] as const),
  ]);
};

/** What an attempt reported and cost, on the event that ends it. */
const withReport = (
  { cost }: JobDefinition<unknown>,
  type: JobEventType,
  { report }: RunFacts,
  facts: StepFacts,
): StepFacts => {
  if (type !== 'job.completed' && type !== 'job.failed') return facts;
  return {
    ...facts,
    ...(report && { dimensions: redactDimensions(report.dimensions), metrics: metricsOf(report) }),
    ...(cost && {
      costMicros: costMicrosOf(cost, facts.runMs ?? 0, report?.quantities ?? NO_QUANTITIES),
      costCurrency: cost.currency,
    }),
  };
};

/** Makes the telemetry events of one job type. */
export const createTeller = (job: JobDefinition<unknown>, identity: ServiceIdentity) => {
  const of = (
    delivery: Delivery,
    type: JobEventType,
    step: string,
    atMs: number,
    facts: StepFacts = {},
  ): JobEvent =>
    makeJobEvent(
      job,
      identity,
      type,
      stepIdOf(delivery.job.id, step),
      knownOf(delivery, atMs),
      withDeclared(delivery, facts),
    );

  /** A step of a run; told twice it has the same id, since a run has one execution id, and no two share one. */
  const ofRun = (
    delivery: Delivery,
    type: JobEventType,
    run: RunFacts,
    atMs: number,
    facts: StepFacts = {},
  ): JobEvent => {
    const known = knownOf(delivery, atMs);
    known.executionId = run.executionId;
    known.fence = run.fence;
    known.attempt = run.attempt;
    known.starts = run.starts;
    const ended =
      job.cost === undefined && run.report === undefined ? facts : withReport(job, type, run, facts);
    return makeJobEvent(job, identity, type, run.executionId, known, withDeclared(delivery, ended));
  };

  return { of, ofRun };
};

export type Teller = ReturnType<typeof createTeller>;
