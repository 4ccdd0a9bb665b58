import type { JobHeaders } from '../core/envelope.ts';
import type { JobEvent } from '../core/generated/job-event.ts';
import type { DeadReason, ErrorSummary } from '../core/outcome.ts';

/**
 * What shall become of a copy of a job, written down before it is done, whole: a redelivery repeats exactly this and
 * never runs the handler.
 */
export interface Decision {
  readonly kind: 'retry' | 'deferred' | 'dead';
  /** Where the successor goes. */
  readonly topic: string;
  /** The `job-*` headers of the successor. */
  readonly next: JobHeaders;
  /** Epoch ms of the decision. */
  readonly atMs: number;
  readonly dead?: { readonly reason: DeadReason; readonly error: ErrorSummary; readonly tenant: string };
  /** What is told about it. */
  readonly events: readonly JobEvent[];
}

/** A decision as bytes, for the state store. */
export const encodeDecision = (decision: Decision): Buffer => Buffer.from(JSON.stringify(decision), 'utf8');

/** The decision that {@link encodeDecision} wrote. */
export const decodeDecision = (bytes: Buffer): Decision => JSON.parse(bytes.toString('utf8'));
