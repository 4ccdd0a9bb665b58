import type { Clock } from '../core/clock.ts';
import { EsteiraError } from '../core/errors.ts';
import type { JobContext, JobDefinition } from '../core/job.ts';
import { runInJobContext } from '../security/job-context.ts';
import type { Delivery } from './delivery.ts';
import type { RunFacts } from './job-telling.ts';

/** How one run of a handler ended. */
export type RunEnd =
  | { readonly kind: 'returned'; readonly runMs: number }
  /** `shouldRun` said no: the handler was not called. */
  | { readonly kind: 'skipped'; readonly runMs: number }
  | { readonly kind: 'threw'; readonly error: unknown; readonly runMs: number }
  /** The claim is another's, or the process stops: no mark, no failure, no attempt. */
  | { readonly kind: 'released'; readonly runMs: number };

/** Runs an attempt inside something, such as a span; must run it exactly once and pass its failure on. */
export type AroundAttempt = (delivery: Delivery, attempt: number, run: () => Promise<void>) => Promise<void>;

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

/** What a run comes to whose precondition does not hold. */
const NOT_NOW = Symbol('not now');

const nothing = (): void => undefined;

/**
 * One run of a handler. It is total: nothing the handler does gets out as an exception. A time-out aborts the signal
 * and fails the attempt, but the run ends only when the handler does: no successor may start beside it.
 */
export class Execution {
  readonly startedMs: number;
  readonly #parts: ExecutionParts;
  readonly #delivery: Delivery;
  readonly #run: RunFacts;
  readonly #onEnd: (end: RunEnd) => void;
  /** Made when the handler asks for its signal: most never do. */
  #controller: AbortController | undefined;
  #abortReason: EsteiraError | undefined;
  #timedOut: EsteiraError | undefined;
  #revoked = false;
  #cancelHung: () => void = nothing;

  constructor(parts: ExecutionParts, delivery: Delivery, run: RunFacts, onEnd: (end: RunEnd) => void) {
    this.#parts = parts;
    this.#delivery = delivery;
    this.#run = run;
    this.#onEnd = onEnd;
    this.startedMs = parts.clock.nowMs();
  }

  /** Calls the handler; `onEnd` is called once, before this returns when the handler is done by then. */
  start(): void {
    let returned: unknown;
    try {
      returned = this.#call();
    } catch (error) {
      this.#onEnd(this.#endOf({ thrown: error }));
      return;
    }
    if (!isThenable(returned)) this.#onEnd(this.#endOf());
    else
      returned.then(
        (value) => this.#onEnd(value === NOT_NOW ? this.#skipped() : this.#endOf()),
        (thrown: unknown) => this.#onEnd(this.#endOf({ thrown })),
      );
  }

  /** Takes the right to run away: the signal aborts, and a handler that throws counts as released, not as failed. */
  revoke(why: 'claim-lost' | 'stopping'): void {
    this.#revoked = true;
    this.#abort(new EsteiraError('ESTEIRA_CLOSED', `job ${this.#parts.job.type}: ${why}`));
  }

  /** The attempt has failed, whatever the handler does now. */
  timeOut(): void {
    const { job, timeoutMs, clock, abandonAfterMs, onHung } = this.#parts;
    const error = new EsteiraError(
      'ESTEIRA_ATTEMPT_TIMEOUT',
      `job ${job.type}: the attempt ran longer than ${timeoutMs} ms (attemptTimeout)`,
      { facts: { jobType: job.type, timeoutMs } },
    );
    this.#timedOut = error;
    this.#abort(error);
    this.#cancelHung = clock.after(abandonAfterMs, () => onHung(error));
  }

  #abort(reason: EsteiraError): void {
    this.#abortReason ??= reason;
    this.#controller?.abort(this.#abortReason);
  }

  get #signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  #call(): unknown {
    const { job, around } = this.#parts;
    const { payload } = this.#delivery;
    const context = this.#context();
    if (job.shouldRun !== undefined) return this.#callIfItShould(context);
    if (around === undefined) return runInJobContext(context, () => job.run(payload, context));
    return around(this.#delivery, this.#run.attempt, async () => {
      await runInJobContext(context, () => job.run(payload, context));
    });
  }

  async #callIfItShould(context: JobContext): Promise<unknown> {
    const { job, around } = this.#parts;
    const { payload } = this.#delivery;
    const should = await runInJobContext(context, () => job.shouldRun?.(payload, context) ?? true);
    if (!should) return NOT_NOW;
    const run = async (): Promise<void> => {
      await runInJobContext(context, () => job.run(payload, context));
    };
    return around === undefined ? run() : around(this.#delivery, this.#run.attempt, run);
  }

  #context(): JobContext {
    const { job } = this.#parts;
    const { tenant, correlationId, claim, envelope, job: headers } = this.#delivery;
    const { attempt, starts, executionId, fence } = this.#run;
    const signal = (): AbortSignal => this.#signal;
    const context = {
      jobId: headers.id,
      jobType: job.type,
      tenant,
      correlationId,
      attempt,
      maxAttempts: job.retry.attempts,
      starts,
      executionId,
      idempotencyKey: claim.idempotencyKey,
      fence,
      get signal(): AbortSignal {
        return signal();
      },
    };
    const { userId, traceparent } = envelope;
    if (userId === undefined && traceparent === undefined) return context;
    // Not spread: that would read the signal, and so make it.
    return Object.assign(context, userId === undefined ? {} : { userId }, traceparent && { traceparent });
  }

  #skipped(): RunEnd {
    const { kind, runMs } = this.#endOf();
    return kind === 'returned' ? { kind: 'skipped', runMs } : { kind: 'released', runMs };
  }

  #endOf(error?: { readonly thrown: unknown }): RunEnd {
    this.#cancelHung();
    const runMs = Math.max(0, this.#parts.clock.nowMs() - this.startedMs);
    if (this.#timedOut !== undefined) return { kind: 'threw', error: this.#timedOut, runMs };
    // A handler that returned has done its work, also when its claim is gone: the store has the last word.
    if (error === undefined) return { kind: 'returned', runMs };
    return this.#revoked ? { kind: 'released', runMs } : { kind: 'threw', error: error.thrown, runMs };
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
