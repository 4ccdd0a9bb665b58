import { classifyError } from '../core/classify.ts';
import type { JobDefinition } from '../core/job.ts';
import type { CancelReason, DeadReason, ErrorSummary } from '../core/outcome.ts';
import type { ClaimAnswer } from '../core/ports/state.ts';
import { delayBefore } from '../core/retry-policy.ts';
import type { JobSettings } from '../core/settings.ts';
import { summarizeError } from '../security/error-summary.ts';
import type { PauseGuard } from './control/pause-guard.ts';
import type { Decider, FailedRun } from './decide.ts';
import { decodeDecision } from './decision.ts';
import type { Delivery } from './delivery.ts';
import type { DependencyGuard } from './dependency-guard.ts';
import type { EngineParts } from './engine-parts.ts';
import type { Entry } from './entry.ts';
import { foundError, tooOld, waitedTooLong } from './found-error.ts';
import type { RunFacts } from './job-telling.ts';
import type { LetterGuard } from './letter-guard/letter-guard.ts';
import type { Settlement } from './settlement.ts';
import type { StateClient } from './state-client.ts';
import { ASK_AGAIN_MS, again, type Step, stepOf } from './step.ts';
import { type TellingParts, tellEvent } from './tell-record.ts';

export interface ProcessorParts
  extends TellingParts,
    Pick<EngineParts, 'clock' | 'log' | 'settings' | 'classify'> {
  readonly jobSettings: JobSettings;
  readonly job: JobDefinition<unknown>;
  readonly state: StateClient;
  readonly settlement: Settlement;
  readonly decider: Decider;
  readonly dependencies: DependencyGuard;
  readonly pauses: PauseGuard;
  readonly guard: LetterGuard;
}

const LONGEST_LOOK_AWAY_MS = 500;

/** Finds what becomes of entries that did not just run and return. */
export class JobProcessor {
  readonly #parts: ProcessorParts;

  constructor(parts: ProcessorParts) {
    this.#parts = parts;
  }

  /** What becomes of an entry that needs no claim; undefined when it may ask for one. */
  unclaimed(entry: Entry): Promise<Step> | undefined {
    const { deadOnArrival, notBeforeMs } = entry.delivery;
    // It dies under its claim: another copy of it may run, or have completed.
    const atMs = this.#parts.clock.nowMs();
    if (deadOnArrival !== undefined) return this.#unlessTakenOver(entry, deadOnArrival.notBeforeMs, atMs);
    if (notBeforeMs !== undefined && notBeforeMs > atMs) return this.#beforeItsTime(entry, notBeforeMs);
    const { pauses, dependencies } = this.#parts;
    const lateness = this.#latenessOf(entry, atMs);
    if (lateness === 'skip') return this.skippedAsFull(entry);
    // So does this one.
    if (lateness !== 'wait') return undefined;
    return pauses.admit(entry, atMs) ?? dependencies.admit(entry, atMs);
  }

  /**
   * It stays where it is: when this process ends, its partition and it are a newer one's. Unless its partition stands still
   * behind it, with a full window: then it dies, as it would have at its time.
   */
  #unlessTakenOver(
    { home, delivery }: Entry,
    dyingMs: number | undefined,
    atMs: number,
  ): Promise<Step> | undefined {
    const holdsUp = home.windowFull && home.watermark.value === delivery.record.offset;
    if (dyingMs === undefined || dyingMs <= atMs || holdsUp) return undefined;
    return Promise.resolve(again(Math.min(dyingMs - atMs, LONGEST_LOOK_AWAY_MS)));
  }

  /** Its queue skips what would have to wait. */
  async skippedAsFull(entry: Entry): Promise<Step> {
    const { settlement, log, job } = this.#parts;
    log.warn('job skipped: its queue is full', {
      jobType: job.type,
      queue: job.queue,
      jobId: entry.delivery.job.id,
    });
    return stepOf(await settlement.skip(entry, 'queue_full'));
  }

  /** What becomes of an entry that has the right to run and can never, or is too late to; undefined when it may. */
  doomed(entry: Entry, run: RunFacts): Promise<Step> | undefined {
    const { deadOnArrival } = entry.delivery;
    if (deadOnArrival !== undefined) return this.#dieOnArrival(entry, run, deadOnArrival);
    const lateness = this.#latenessOf(entry, this.#parts.clock.nowMs());
    return typeof lateness === 'string' ? undefined : this.#dieUnstarted(entry, run, 'max_age', lateness);
  }

  #dieOnArrival(
    entry: Entry,
    claim: Pick<RunFacts, 'fence'>,
    { reason, code, detail }: NonNullable<Delivery['deadOnArrival']>,
  ): Promise<Step> {
    return this.#dieUnstarted(entry, claim, reason, foundError(code, detail));
  }

  /** Dies under a claim that led to no run. */
  async #dieUnstarted(
    entry: Entry,
    claim: Pick<RunFacts, 'fence'>,
    reason: DeadReason,
    error: ErrorSummary,
  ): Promise<Step> {
    const { decider, settlement, clock, guard, pauses } = this.#parts;
    if (!guard.mayDie(entry, { reason, error })) {
      await this.release(entry, claim);
      return pauses.hold(entry, clock.nowMs());
    }
    const decision = decider.dead(entry.delivery, { reason, error, atMs: clock.nowMs() });
    return stepOf(await settlement.decide(entry, decision, claim.fence));
  }

  #latenessOf({ delivery }: Entry, atMs: number): 'wait' | 'skip' | ErrorSummary {
    const { job, jobSettings } = this.#parts;
    return tooOld(job, delivery, atMs) ?? waitedTooLong(jobSettings, delivery, atMs);
  }

  /** What becomes of an entry that may not run. */
  async answered(entry: Entry, answer: Exclude<ClaimAnswer, { kind: 'run' }>): Promise<Step> {
    const { settlement } = this.#parts;
    switch (answer.kind) {
      case 'done':
        return stepOf(await settlement.duplicate(entry, answer));
      case 'running':
        return this.#runningElsewhere(entry, answer.untilMs - answer.nowMs);
      case 'dead': {
        const { deadOnArrival } = entry.delivery;
        // What it is, it is however often it was started.
        if (deadOnArrival !== undefined) return this.#dieOnArrival(entry, answer, deadOnArrival);
        return this.#deadByCount(entry, answer);
      }
      case 'decided':
        return stepOf(await settlement.carryOut(entry, decodeDecision(answer.decision)));
      case 'superseded':
        return stepOf(await settlement.superseded(entry, answer.origin));
    }
  }

  /** Too early: it goes to a tier. */
  async #beforeItsTime(entry: Entry, notBeforeMs: number): Promise<Step> {
    const { clock, decider, settlement } = this.#parts;
    const atMs = clock.nowMs();
    // Nothing is decided: another copy of the job, of an earlier record, may run.
    const copy = decider.forwarded(entry.delivery, 'trigger_delay', atMs, notBeforeMs);
    await settlement.publish(entry, copy);
    return stepOf('settle');
  }

  /** Somebody else runs it: wait beside it, and set it aside when that takes long. */
  async #runningElsewhere(entry: Entry, leftMs: number): Promise<Step> {
    const { clock, settings, decider, settlement } = this.#parts;
    const atMs = clock.nowMs();
    entry.blockedSinceMs ??= atMs;
    if (atMs - entry.blockedSinceMs < settings.setAsideAfterMs) {
      return again(Math.min(Math.max(leftMs, 10), LONGEST_LOOK_AWAY_MS));
    }
    // The run that holds the claim decides about the job: a decision of this copy would supersede that one.
    await settlement.publish(
      entry,
      decider.forwarded(entry.delivery, 'running_elsewhere', atMs, atMs + leftMs),
    );
    return stepOf('settle');
  }

  /** Attempts or starts are used up, as the claim found; the error is the last one it carries. */
  async #deadByCount(entry: Entry, answer: ClaimAnswer & { kind: 'dead' }): Promise<Step> {
    const { decider, settlement, clock } = this.#parts;
    const { error: last } = entry.delivery.job;
    const { reason, attempt, starts, fence } = answer;
    const found = foundError(reason.toUpperCase(), `given up after ${starts} starts, ${attempt} attempts`);
    const error = last === undefined ? found : { ...found, ...last, class: found.class };
    const decision = decider.dead(entry.delivery, {
      ...{ reason, error, atMs: clock.nowMs() },
      counts: { attempt, starts },
    });
    return stepOf(await settlement.decide(entry, decision, fence));
  }

  /** An operator has ended it; nothing was done, so its idempotency key is for others to have. */
  async cancelled(entry: Entry, run: RunFacts, reason: CancelReason): Promise<Step> {
    const settled = await this.#parts.settlement.cancel(entry, reason);
    await this.release(entry, run);
    return stepOf(settled);
  }

  /** Gives the right to run back unused: the start is not counted. */
  async release(entry: Entry, run: Pick<RunFacts, 'fence'>): Promise<Step> {
    const { state, job } = this.#parts;
    await state.release({ ...entry.delivery.claim, fence: run.fence, leaseMs: job.leaseMs });
    return again(ASK_AGAIN_MS);
  }

  /** What becomes of an entry whose handler threw. */
  async failed(entry: Entry, run: FailedRun, thrown: unknown): Promise<Step> {
    const { job, clock, classify, decider, settlement } = this.#parts;
    const { delivery } = entry;
    const error = summarizeError(thrown, (one) =>
      classifyError(one, classify === undefined ? [] : [classify]),
    );
    entry.home.tally.threw(run.runMs, error.class);
    const atMs = clock.nowMs();
    if (error.class === 'dependency-down') return this.#parts.dependencies.down(entry, run, error, thrown);
    const reason = this.#deathOf(error, run.attempt);
    if (reason !== undefined) {
      if (!this.#parts.guard.mayDie(entry, { reason, error })) return this.#givenBack(entry, run, error);
      const decision = decider.dead(delivery, { reason, error, atMs, run });
      return stepOf(await settlement.decide(entry, decision, run.fence));
    }
    const delayMs = delayBefore(job.retry, run.attempt + 1) ?? 0;
    const times = { atMs, dueMs: atMs + delayMs };
    return stepOf(await settlement.decide(entry, decider.retry(delivery, run, error, times), run.fence));
  }

  /** It would have died, but its job type is suspended for that: neither attempt nor start is spent. */
  async #givenBack(entry: Entry, run: FailedRun, error: ErrorSummary): Promise<Step> {
    const { clock, decider, pauses } = this.#parts;
    tellEvent(this.#parts, entry, decider.failedEvent(entry.delivery, run, error, clock.nowMs()));
    await this.release(entry, run);
    return pauses.hold(entry, clock.nowMs());
  }

  #deathOf(error: ErrorSummary, attempt: number): DeadReason | undefined {
    if (error.class === 'unrecoverable') return 'unrecoverable';
    if (error.class === 'integrity') return 'integrity_violation';
    return attempt >= this.#parts.job.retry.attempts ? 'attempts_exhausted' : undefined;
  }
}
