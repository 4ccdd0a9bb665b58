import { classifyError } from '../core/classify.ts';
import { randomId } from '../core/ids.ts';
import type { JobDefinition } from '../core/job.ts';
import type { DeadReason, ErrorSummary } from '../core/outcome.ts';
import type { ClaimAnswer } from '../core/ports/state.ts';
import { parsePosition } from '../core/record.ts';
import { delayBefore } from '../core/retry-policy.ts';
import { summarizeError } from '../security/error-summary.ts';
import type { Decider, DecisionTimes, FailedRun } from './decide.ts';
import { decodeDecision } from './decision.ts';
import type { EngineParts } from './engine-parts.ts';
import { type Execution, execute, type RunEnd } from './execution.ts';
import type { RunFacts, Teller } from './job-telling.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import type { Entry } from './partition-home.ts';
import type { Settled, Settlement } from './settlement.ts';
import type { StateClient } from './state-client.ts';

/** What became of one try to get an entry done. */
export type Step = { readonly kind: 'settle' } | { readonly kind: 'again'; readonly delayMs: number };

export interface ProcessorParts
  extends Pick<EngineParts, 'clock' | 'settings' | 'classify' | 'onFatal' | 'around'> {
  readonly job: JobDefinition<unknown>;
  readonly state: StateClient;
  readonly settlement: Settlement;
  readonly decider: Decider;
  readonly teller: Teller;
  readonly leases: LeaseKeeper;
  /** The runs under way, so that a shutdown can wait for them and end them. */
  readonly executions: Set<Execution>;
}

const SETTLE: Step = { kind: 'settle' };
const ASK_AGAIN_MS = 100;
const LONGEST_LOOK_AWAY_MS = 500;

const again = (delayMs: number): Step => ({ kind: 'again', delayMs: Math.max(0, delayMs) });

const stepOf = (settled: Settled): Step => (settled === 'settle' ? SETTLE : again(ASK_AGAIN_MS));

/** An error of Esteira's own finding: nothing was thrown. */
const foundError = (code: string, message: string): ErrorSummary => ({
  code,
  class: 'unrecoverable',
  message,
  fingerprint: code,
});

/** Gets one entry done: claim, run, decide, settle. */
export class JobProcessor {
  readonly #parts: ProcessorParts;

  constructor(parts: ProcessorParts) {
    this.#parts = parts;
  }

  /** `freeSlot` is called as soon as no handler runs (more than once, perhaps). */
  async process(entry: Entry, freeSlot: () => void): Promise<Step> {
    const { deadOnArrival, notBeforeMs } = entry.delivery;
    if (deadOnArrival !== undefined) {
      freeSlot();
      const { reason, code, detail } = deadOnArrival;
      return this.#die(entry, reason, foundError(code, detail));
    }
    if (notBeforeMs !== undefined && notBeforeMs > this.#parts.clock.nowMs()) {
      freeSlot();
      return this.#beforeItsTime(entry, notBeforeMs);
    }
    const answer = await this.#claim(entry);
    if (answer.kind !== 'run') {
      freeSlot();
      return this.#answered(entry, answer);
    }
    const { fence, attempt, starts } = answer;
    return this.#run(entry, { executionId: randomId(), fence, attempt, starts }, freeSlot);
  }

  /** A right to run that is older than half its lease when it arrives is asked for again: same run, whole lease. */
  async #claim({ delivery }: Entry): Promise<ClaimAnswer> {
    const { job, state, clock } = this.#parts;
    const { sequence } = delivery;
    const place = parsePosition(delivery.origin)?.offset ?? delivery.record.offset;
    const request = {
      ...delivery.claim,
      jobId: delivery.job.id,
      hop: delivery.job.hop,
      position: delivery.position,
      origin: delivery.origin,
      attempt: delivery.job.attempt,
      starts: delivery.job.starts,
      maxAttempts: job.retry.attempts,
      maxStarts: job.maxStarts,
      leaseMs: job.leaseMs,
      run: randomId(),
      ...(sequence === undefined ? {} : { place: { sequence, offset: `${place}` } }),
    };
    for (;;) {
      const askedMs = clock.nowMs();
      const answer = await state.claim(request);
      if (answer.kind !== 'run' || clock.nowMs() - askedMs <= job.leaseMs / 2) return answer;
    }
  }

  async #answered(entry: Entry, answer: Exclude<ClaimAnswer, { kind: 'run' }>): Promise<Step> {
    const { settlement } = this.#parts;
    switch (answer.kind) {
      case 'done':
        return stepOf(await settlement.duplicate(entry, answer));
      case 'running':
        return this.#runningElsewhere(entry, answer.untilMs - answer.nowMs);
      case 'wait':
        return again(answer.dueMs - answer.nowMs);
      case 'dead':
        return this.#deadByCount(entry, answer);
      case 'decided':
        return stepOf(await settlement.carryOut(entry, decodeDecision(answer.decision)));
      case 'superseded':
        return stepOf(await settlement.superseded(entry, answer.origin));
    }
  }

  /** Too early: an ordered head waits in memory, others go to a tier. */
  async #beforeItsTime(entry: Entry, notBeforeMs: number): Promise<Step> {
    const { job, clock, decider, settlement } = this.#parts;
    const atMs = clock.nowMs();
    if (job.ordered) return again(notBeforeMs - atMs);
    const decision = decider.deferred(entry.delivery, 'trigger_delay', { atMs, dueMs: notBeforeMs });
    return stepOf(await settlement.decide(entry, decision));
  }

  /** Somebody else runs it: wait beside it, and set it aside when that takes long (ordered ones stay in line). */
  async #runningElsewhere(entry: Entry, leftMs: number): Promise<Step> {
    const { job, clock, settings, decider, settlement } = this.#parts;
    const atMs = clock.nowMs();
    entry.blockedSinceMs ??= atMs;
    if (job.ordered || atMs - entry.blockedSinceMs < settings.setAsideAfterMs) {
      return again(Math.min(Math.max(leftMs, 10), LONGEST_LOOK_AWAY_MS));
    }
    const times = { atMs, dueMs: atMs + leftMs };
    const decision = decider.deferred(entry.delivery, 'running_elsewhere', times);
    return stepOf(await settlement.decide(entry, decision));
  }

  async #die(entry: Entry, reason: DeadReason, error: ErrorSummary): Promise<Step> {
    const { decider, settlement, clock } = this.#parts;
    const decision = decider.dead(entry.delivery, { reason, error, atMs: clock.nowMs() });
    return stepOf(await settlement.decide(entry, decision));
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

  async #run(entry: Entry, run: RunFacts, freeSlot: () => void): Promise<Step> {
    const { job, executions, leases } = this.#parts;
    this.#tellStarted(entry, run);
    const execution = this.#execute(entry, run);
    executions.add(execution);
    const lease = { ...entry.delivery.claim, fence: run.fence, leaseMs: job.leaseMs };
    const stopKeeping = leases.keep(lease, () => execution.revoke('claim-lost'));
    try {
      const end = await execution.ended;
      executions.delete(execution);
      freeSlot();
      return await this.#conclude(entry, run, end);
    } finally {
      stopKeeping();
    }
  }

  #execute(entry: Entry, run: RunFacts): Execution {
    const { job, clock, settings, onFatal, around } = this.#parts;
    return execute(
      {
        ...{ job, clock, abandonAfterMs: settings.abandonAfterMs, onHung: onFatal },
        timeoutMs: job.attemptTimeoutMs ?? settings.attemptTimeoutMs,
        ...(around === undefined ? {} : { around }),
      },
      entry.delivery,
      run,
    );
  }

  #tellStarted(entry: Entry, run: RunFacts): void {
    const { clock, settlement, teller } = this.#parts;
    const { delivery } = entry;
    const nowMs = clock.nowMs();
    const dueMs = delivery.job.dueMs ?? delivery.notBeforeMs;
    const waitedMs = nowMs - (dueMs ?? delivery.record.timestampMs);
    const facts = {
      queueWaitMs: Math.max(0, waitedMs),
      latenessMs: dueMs === undefined ? null : Math.max(0, waitedMs),
    };
    settlement.tell(entry, teller.ofRun(delivery, 'job.started', run, nowMs, facts));
  }

  async #conclude(entry: Entry, run: RunFacts, end: RunEnd): Promise<Step> {
    const { settlement, state, job } = this.#parts;
    switch (end.kind) {
      case 'returned':
        return stepOf(await settlement.complete(entry, run, end.runMs));
      case 'threw':
        return this.#failed(entry, { ...run, runMs: end.runMs }, end.error);
      case 'released':
        await state.release({ ...entry.delivery.claim, fence: run.fence, leaseMs: job.leaseMs });
        return again(ASK_AGAIN_MS);
    }
  }

  async #failed(entry: Entry, run: FailedRun, thrown: unknown): Promise<Step> {
    const { job, clock, classify, decider, settlement } = this.#parts;
    const { delivery } = entry;
    const error = summarizeError(thrown, (one) =>
      classifyError(one, classify === undefined ? [] : [classify]),
    );
    const atMs = clock.nowMs();
    const reason = this.#deathOf(error, run.attempt);
    if (reason !== undefined) {
      const decision = decider.dead(delivery, { reason, error, atMs, run });
      return stepOf(await settlement.decide(entry, decision, run.fence));
    }
    const delayMs = delayBefore(job.retry, run.attempt + 1) ?? 0;
    const times = { atMs, dueMs: atMs + delayMs };
    if (job.ordered) return this.#postpone(entry, run, error, times);
    return stepOf(await settlement.decide(entry, decider.retry(delivery, run, error, times), run.fence));
  }

  #deathOf(error: ErrorSummary, attempt: number): DeadReason | undefined {
    if (error.class === 'unrecoverable') return 'unrecoverable';
    if (error.class === 'integrity') return 'integrity_violation';
    return attempt >= this.#parts.job.retry.attempts ? 'attempts_exhausted' : undefined;
  }

  /** An ordered head keeps its place in memory; its attempt and due time are in the store. */
  async #postpone(entry: Entry, run: FailedRun, error: ErrorSummary, times: DecisionTimes): Promise<Step> {
    const { job, state, decider, settlement } = this.#parts;
    const { delivery } = entry;
    const delayMs = times.dueMs - times.atMs;
    const answer = await state.postpone({
      ...delivery.claim,
      jobId: delivery.job.id,
      ...{ fence: run.fence, attempt: run.attempt + 1, delayMs, ttlMs: job.doneTtlMs },
    });
    if (answer === 'lost') return again(ASK_AGAIN_MS);
    for (const event of decider.retryEvents(delivery, run, error, times)) settlement.tell(entry, event);
    return again(delayMs);
  }
}
