import type { JobContext } from '../core/job.ts';
import type { Log, LogFacts } from '../core/ports/log.ts';
import type { ProgressFacts } from '../core/progress.ts';
import type { Delivery } from './delivery.ts';
import type { RunFacts } from './job-telling.ts';
import type { RunReport } from './run-report.ts';

/** What a context leaves to its run: both are made when the handler asks for them, as most never do. */
export interface RunHost {
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly logContext: LogFacts;
  report(facts: ProgressFacts): Promise<void>;
  /** What is told of the attempt when it ends. */
  readonly attemptReport: RunReport;
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
  readonly eventTimeMs: number;
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
    this.eventTimeMs = delivery.envelope.eventTimeMs ?? delivery.record.timestampMs;
    this.#host = host;
  }

  get signal(): AbortSignal {
    return this.#host.signal;
  }

  get log(): Log {
    return this.#host.log;
  }

  get logContext(): LogFacts {
    return this.#host.logContext;
  }

  get report(): JobContext['report'] {
    return (given) => this.#host.attemptReport.report(given);
  }

  get addCost(): JobContext['addCost'] {
    return (kind, quantity) => this.#host.attemptReport.addCost(kind, quantity);
  }

  get progress(): (facts: ProgressFacts) => Promise<void> {
    return (facts) => this.#host.report(facts);
  }
}
