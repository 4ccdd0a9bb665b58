import type { Clock } from '../core/clock.ts';
import { EsteiraError } from '../core/errors.ts';
import type { JobContext, JobDefinition } from '../core/job.ts';
import { runInJobContext } from '../security/job-context.ts';
import type { Delivery } from './delivery.ts';
import type { RunFacts } from './job-telling.ts';

/** How one run of a handler ended. */
export type RunEnd =
  | { readonly kind: 'returned'; readonly runMs: number }
  | { readonly kind: 'threw'; readonly error: unknown; readonly runMs: number }
  /** The claim is another's, or the process stops: no mark, no failure, no attempt. */
  | { readonly kind: 'released'; readonly runMs: number };

/** A run under way. */
export interface Execution {
  readonly ended: Promise<RunEnd>;
  /** Takes the right to run away: the signal aborts, and a handler that throws counts as released, not as failed. */
  revoke(why: 'claim-lost' | 'stopping'): void;
}

export interface ExecutionParts {
  readonly job: JobDefinition<unknown>;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** How long a handler may ignore its time-out before the process gives up on it, ms. */
  readonly abandonAfterMs: number;
  readonly onHung: (error: EsteiraError) => void;
  /** Wraps each attempt, for tracing. */
  readonly around?: AroundAttempt;
}

/** Runs an attempt inside something, such as a span; must run it exactly once and pass its failure on. */
export type AroundAttempt = (delivery: Delivery, attempt: number, run: () => Promise<void>) => Promise<void>;

const timeoutError = (job: JobDefinition<unknown>, timeoutMs: number): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_ATTEMPT_TIMEOUT',
    `job ${job.type}: the attempt ran longer than ${timeoutMs} ms (attemptTimeout)`,
    { facts: { jobType: job.type, timeoutMs } },
  );

const contextOf = (
  delivery: Delivery,
  job: JobDefinition<unknown>,
  run: RunFacts,
  signal: AbortSignal,
): JobContext => ({
  jobId: delivery.job.id,
  jobType: job.type,
  tenant: delivery.tenant,
  correlationId: delivery.correlationId,
  attempt: run.attempt,
  maxAttempts: job.retry.attempts,
  starts: run.starts,
  executionId: run.executionId,
  idempotencyKey: delivery.claim.idempotencyKey,
  fence: run.fence,
  signal,
  ...(delivery.envelope.userId === undefined ? {} : { userId: delivery.envelope.userId }),
  ...(delivery.envelope.traceparent === undefined ? {} : { traceparent: delivery.envelope.traceparent }),
});

/**
 * Runs the handler once. It is total: nothing the handler does gets out as an exception. A time-out aborts the signal
 * and fails the attempt, but the run ends only when the handler does: no successor may start beside it.
 */
export const execute = (parts: ExecutionParts, delivery: Delivery, run: RunFacts): Execution => {
  const { job, clock } = parts;
  const controller = new AbortController();
  let timedOut: EsteiraError | undefined;
  let revoked = false;
  let cancelHung: () => void = () => undefined;
  const startedMs = clock.nowMs();
  const cancelTimeout = clock.after(parts.timeoutMs, () => {
    timedOut = timeoutError(job, parts.timeoutMs);
    controller.abort(timedOut);
    const given = timedOut;
    cancelHung = clock.after(parts.abandonAfterMs, () => parts.onHung(given));
  });
  const endOf = (error?: { readonly thrown: unknown }): RunEnd => {
    cancelTimeout();
    cancelHung();
    const runMs = Math.max(0, clock.nowMs() - startedMs);
    if (timedOut !== undefined) return { kind: 'threw', error: timedOut, runMs };
    // A handler that returned has done its work, also when its claim is gone: the store has the last word.
    if (error === undefined) return { kind: 'returned', runMs };
    return revoked ? { kind: 'released', runMs } : { kind: 'threw', error: error.thrown, runMs };
  };
  const context = contextOf(delivery, job, run, controller.signal);
  const ended = call(parts, delivery, context).then(
    () => endOf(),
    (thrown: unknown) => endOf({ thrown }),
  );
  return {
    ended,
    revoke: (why) => {
      revoked = true;
      controller.abort(new EsteiraError('ESTEIRA_CLOSED', `job ${job.type}: ${why}`));
    },
  };
};

/** A handler that throws at once rejects like one that rejects later. */
const call = async (
  { job, around }: ExecutionParts,
  delivery: Delivery,
  context: JobContext,
): Promise<void> => {
  const run = async (): Promise<void> => {
    await runInJobContext(context, () => job.run(delivery.payload, context));
  };
  await (around === undefined ? run() : around(delivery, context.attempt, run));
};
