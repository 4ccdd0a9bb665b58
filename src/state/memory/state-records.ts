import type { DeadReason } from '../../core/outcome.ts';

/** A claim that is held, or was held by a run that did not come back. */
export interface Running {
  readonly kind: 'running';
  readonly fence: number;
  /** End of the lease, epoch ms. */
  readonly untilMs: number;
  readonly run: string;
  readonly jobId: string;
  readonly hop: number;
  /** Starts counted so far, this one included unless it is a dead one. */
  readonly starts: number;
  readonly attempt: number;
  /** Where the claiming copy came from. */
  readonly origin: string;
  /** Set when the claim was given to write a dead letter, not to run. */
  readonly dead?: DeadReason;
}

/** A claim given back unused: nobody holds it, but what was counted before it is kept. */
export interface Free {
  readonly kind: 'free';
  readonly jobId: string;
  readonly hop: number;
  readonly starts: number;
  readonly origin: string;
}

/** What remains after completion. */
export interface Done {
  readonly kind: 'done';
  readonly fence: number;
  readonly origin: string;
  /** The terminal telemetry event, until it is durable on its topic. */
  readonly event?: Buffer;
}

/** What is known of an idempotency key. */
export type KeyRecord = Running | Free | Done;

/** What was decided last about a job. */
export interface JobRecord {
  readonly hop: number;
  /** The claim under which it was decided; -1 when there was none. */
  readonly fence: number;
  /** Where the copy that decided came from. */
  readonly origin: string;
  /** Where that copy stands. */
  readonly position: string;
  /** What shall become of it, until its successor is durable. */
  readonly decision?: Buffer;
}
