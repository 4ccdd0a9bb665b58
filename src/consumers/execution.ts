import type { Clock } from '../core/clock.ts';
import { EsteiraError } from '../core/errors.ts';
import type { JobContext, JobDefinition } from '../core/job.ts';
import type { Log, LogFacts } from '../core/ports/log.ts';
import type { Progress, ProgressFacts } from '../core/progress.ts';
import { isStale } from '../core/state-version.ts';
import { runInJobContext } from '../security/job-context.ts';
import type { Timed } from './deadlines.ts';
import type { Delivery } from './delivery.ts';
import type { Entry } from './entry.ts';
import type { HandlerLogs } from './handler-log.ts';
import type { RunFacts } from './job-telling.ts';
import { ProgressTeller } from './progress-teller.ts';
import { RunContext, type RunHost } from './run-context.ts';
import { RunReport } from './run-report.ts';

/** How one run of a handler ended. */
export type RunEnd =
  | { readonly kind: 'returned'; readonly runMs: number }
  /** `shouldRun`, or its version, said no: the handler was not called. */
  | { readonly kind: 'skipped'; readonly reason: 'precondition' | 'stale_version'; readonly runMs: number }
  | { readonly kind: 'threw'; readonly error: unknown; readonly runMs: number }
  /** The claim is another's, or the process stops: no mark, no failure, no attempt. */
  | { readonly kind: 'released'; readonly runMs: number };

/** Runs an attempt inside something, such as a span; must run it exactly once and pass its failure on. */
export type AroundAttempt = (delivery: Delivery, run: RunFacts, work: () => Promise<void>) => Promise<void>;

export interface ExecutionParts {
  readonly job: JobDefinition<unknown>;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** How long a handler may ignore its time-out before the process gives up on it, ms. */
  readonly abandonAfterMs: number;
  readonly onHung: (error: EsteiraError) => void;
  /** Its time is over, and its handler has not ended yet. */
  readonly onLate: (error: EsteiraError) => void;
  /** What its handlers say. */
  readonly logs: HandlerLogs;
  /** Wraps each attempt, for tracing. */
  readonly around?: AroundAttempt;
  /** Called once for each run, before `start` returns when the handler is done by then. */
  readonly onEnd: (execution: Execution, end: RunEnd) => void;
  readonly onProgress: (execution: Execution, progress: Progress, part: number) => void;
}

/** One function for all runs, where each would need one of its own. */
const callHandler = (job: JobDefinition<unknown>, payload: unknown, context: JobContext): unknown =>
  job.run(payload, context);

/** What a run comes to whose precondition does not hold, and one that is about an old version of its state. */
const NOT_NOW = Symbol('not now');
const STALE = Symbol('stale');

const nothing = (): void => undefined;

/**
 * One run of a handler. It is total: nothing the handler does gets out as an exception. A time-out aborts the signal
 * and fails the attempt, but the run ends only when the handler does: no successor may start beside it.
 */
export class Execution implements RunHost, Timed<Execution> {
  /** Its neighbours among those that run. */
  next: Execution | undefined = undefined;
  previous: Execution | undefined = undefined;
  readonly startedMs: number;
  readonly entry: Entry;
  readonly run: RunFacts;
  readonly #parts: ExecutionParts;
  /** Made when the handler asks for its signal: most never do. */
  #controller: AbortController | undefined = undefined;
  #abortReason: EsteiraError | undefined = undefined;
  #timedOut: EsteiraError | undefined = undefined;
  #revoked = false;
  #cancelHung: () => void = nothing;
  /** Made when the handler reports: most never do. */
  #progress: ProgressTeller | undefined = undefined;
  #ended = false;

  constructor(parts: ExecutionParts, entry: Entry, run: RunFacts, startedMs: number) {
    this.#parts = parts;
    this.entry = entry;
    this.run = run;
    this.startedMs = startedMs;
  }

  /** Calls the handler. */
  start(): void {
    let returned: unknown;
    try {
      returned = this.#call();
    } catch (error) {
      this.#end(this.#endOf({ thrown: error }));
      return;
    }
    if (!isThenable(returned)) this.#end(this.#endOf());
    else
      returned.then(
        (value) => this.#end(value === NOT_NOW || value === STALE ? this.#skipped(value) : this.#endOf()),
        (thrown: unknown) => this.#end(this.#endOf({ thrown })),
      );
  }

  #end(end: RunEnd): void {
    this.#parts.onEnd(this, end);
  }

  /** Takes the right to run away: the signal aborts, and a handler that throws counts as released, not as failed. */
  revoke(why: 'claim-lost' | 'stopping' | 'cancelled'): void {
    this.#revoked = true;
    this.#abort(new EsteiraError('ESTEIRA_CLOSED', `job ${this.#parts.job.type}: ${why}`));
  }

  /** The attempt has failed, whatever the handler does now. */
  timeOut(): void {
    const { job, timeoutMs, clock, abandonAfterMs, onHung, onLate } = this.#parts;
    const error = new EsteiraError(
      'ESTEIRA_ATTEMPT_TIMEOUT',
      `job ${job.type}: the attempt ran longer than ${timeoutMs} ms (attemptTimeout)`,
      { facts: { jobType: job.type, timeoutMs } },
    );
    this.#timedOut = error;
    this.#abort(error);
    this.#cancelHung = clock.after(abandonAfterMs, () => onHung(error));
    onLate(error);
  }

  #abort(reason: EsteiraError): void {
    this.#abortReason ??= reason;
    this.#controller?.abort(this.#abortReason);
  }

  get isLate(): boolean {
    return this.#timedOut !== undefined;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  get log(): Log {
    return this.#parts.logs.of(() => this.logContext);
  }

  get logContext(): LogFacts {
    return this.#parts.logs.contextOf(this.entry.delivery, this.run);
  }

  report(facts: ProgressFacts): Promise<void> {
    this.#progress ??= new ProgressTeller(this.#parts.clock, (progress, part) =>
      this.#parts.onProgress(this, progress, part),
    );
    if (this.#ended) this.#progress.end();
    return this.#progress.report(facts);
  }

  /** Made when the handler reports: most never do. */
  get attemptReport(): RunReport {
    this.run.report ??= new RunReport(this.#parts.job);
    if (this.#ended) this.run.report.end({ runMs: 0, atMs: this.#parts.clock.nowMs() });
    return this.run.report;
  }

  #call(): unknown {
    const { job, around } = this.#parts;
    const { delivery } = this.entry;
    const context = new RunContext(this, delivery, this.run, job.retry.attempts);
    if (job.shouldRun !== undefined) return this.#callIfItShould(context);
    if (around === undefined) return runInJobContext(context, callHandler, job, delivery.payload, context);
    return this.#callWithin(around, context);
  }

  /** What goes around the run hears of the time-out, whatever the handler makes of it. */
  #callWithin(around: AroundAttempt, context: JobContext): Promise<void> {
    const { delivery } = this.entry;
    return around(delivery, this.run, async () => {
      try {
        await runInJobContext(context, callHandler, this.#parts.job, delivery.payload, context);
      } catch (error) {
        throw this.#timedOut ?? error;
      }
      if (this.#timedOut !== undefined) throw this.#timedOut;
    });
  }

  async #callIfItShould(context: JobContext): Promise<unknown> {
    const { job, around } = this.#parts;
    const { delivery } = this.entry;
    const should = await runInJobContext(context, () => job.shouldRun?.(delivery.payload, context) ?? true);
    if (!should) return isStale(context) ? STALE : NOT_NOW;
    if (around !== undefined) return this.#callWithin(around, context);
    await runInJobContext(context, callHandler, job, delivery.payload, context);
    return undefined;
  }

  #skipped(why: symbol): RunEnd {
    const end = this.#endOf();
    if (end.kind !== 'returned') return { kind: 'released', runMs: end.runMs };
    return { kind: 'skipped', reason: why === STALE ? 'stale_version' : 'precondition', runMs: end.runMs };
  }

  #endOf(error?: { readonly thrown: unknown }): RunEnd {
    this.#cancelHung();
    this.#ended = true;
    this.#progress?.end();
    const atMs = this.#parts.clock.nowMs();
    const runMs = Math.max(0, atMs - this.startedMs);
    this.run.report?.end({ runMs, atMs });
    if (this.#timedOut !== undefined) return { kind: 'threw', error: this.#timedOut, runMs };
    // A handler that returned has done its work, also when its claim is gone: the store has the last word.
    if (error === undefined) return { kind: 'returned', runMs };
    return this.#revoked ? { kind: 'released', runMs } : { kind: 'threw', error: error.thrown, runMs };
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
