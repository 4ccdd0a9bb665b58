import type { JobContext } from '../core/job.ts';
import type { ProgressFacts } from '../core/progress.ts';
import type { Delivery } from './delivery.ts';
import type { RunFacts } from './job-telling.ts';

/** What a context leaves to its run: both are made when the handler asks for them, as most never do. */
export interface RunHost {
  readonly signal: AbortSignal;
  report(facts: ProgressFacts): Promise<void>;
}

/** What a handler is given beside its payload. A class, since there is one a run: a literal with accessors costs 1 KB. */
export class RunContext implements JobContext {
  readonly jobId: string;
  readonly jobType: string;
  readonly tenant: string;
  readonly userId: string | undefined;
  readonly correlationId: string;
  readonly traceparent: string | undefined;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly starts: number;
  readonly executionId: string;
  readonly idempotencyKey: string;
  readonly fence: number;
  readonly #host: RunHost;

  constructor(host: RunHost, delivery: Delivery, run: RunFacts, maxAttempts: number) {
    this.jobId = delivery.job.id;
    this.jobType = delivery.claim.jobType;
    this.tenant = delivery.tenant;
    this.userId = delivery.envelope.userId;
    this.correlationId = delivery.correlationId;
    this.traceparent = delivery.envelope.traceparent;
    this.attempt = run.attempt;
    this.maxAttempts = maxAttempts;
    this.starts = run.starts;
    this.executionId = run.executionId;
    this.idempotencyKey = delivery.claim.idempotencyKey;
    this.fence = run.fence;
    this.#host = host;
  }

  get signal(): AbortSignal {
    return this.#host.signal;
  }

  get progress(): (facts: ProgressFacts) => Promise<void> {
    return (facts) => this.#host.report(facts);
  }
}
