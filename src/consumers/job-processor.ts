import { classifyError } from '../core/classify.ts';
import { randomId } from '../core/ids.ts';
import type { JobDefinition } from '../core/job.ts';
import type { DeadReason, ErrorSummary } from '../core/outcome.ts';
import type { ClaimAnswer } from '../core/ports/state.ts';
import { delayBefore } from '../core/retry-policy.ts';
import { summarizeError } from '../security/error-summary.ts';
import type { Decider, FailedRun } from './decide.ts';
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

export interface ProcessorParts extends Pick<EngineParts, 'clock' | 'log' | 'settings' | 'classify' | 'onFatal' | 'around'> {
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

const arrivalError = (code: string, message: string): ErrorSummary => ({
  code,
  class: 'unrecoverable',
  message,
  fingerprint: code,
});

/** Gets one entry done: claim, run, decide, settle. `freeSlot` is called once, as soon as no handler runs. */
export const createProcessor = (parts: ProcessorParts) => {
  const { job, clock, state, settlement, decider, teller } = parts;

  const stepOf = (settled: Settled): Step => (settled === 'settle' ? SETTLE : again(ASK_AGAIN_MS));

  const claim = (entry: Entry): Promise<ClaimAnswer> => {
    const { delivery } = entry;
    return state.claim({
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
      ...(delivery.sequence === undefined
        ? {}
        : { place: { sequence: delivery.sequence, offset: `${delivery.record.offset}` } }),
    });
  };

  /** Too early: an ordered head waits in memory, others go to a tier. */
  const beforeItsTime = async (entry: Entry, notBeforeMs: number): Promise<Step> => {
    const atMs = clock.nowMs();
    if (job.ordered) return again(notBeforeMs - atMs);
    const decision = decider.deferred(entry.delivery, 'trigger_delay', { atMs, dueMs: notBeforeMs });
    return stepOf(await settlement.decide(entry, decision));
  };

  /** Somebody else runs it: wait beside it, and set it aside when that takes long (ordered ones stay in line). */
  const runningElsewhere = async (entry: Entry, leftMs: number): Promise<Step> => {
    const atMs = clock.nowMs();
    entry.blockedSinceMs ??= atMs;
    const waitedMs = atMs - entry.blockedSinceMs;
    if (job.ordered || waitedMs < parts.settings.setAsideAfterMs) {
      return again(Math.min(Math.max(leftMs, 10), LONGEST_LOOK_AWAY_MS));
    }
    const decision = decider.deferred(entry.delivery, 'running_elsewhere', { atMs, dueMs: atMs + leftMs });
    return stepOf(await settlement.decide(entry, decision));
  };

  const deadByCount = async (entry: Entry, answer: ClaimAnswer & { kind: 'dead' }): Promise<Step> => {
    const { delivery } = entry;
    const error =
      delivery.job.error === undefined
        ? arrivalError(answer.reason.toUpperCase(), `given up after ${answer.starts} starts`)
        : (delivery.job.error as ErrorSummary);
    const decision = decider.dead(delivery, answer.reason, error, clock.nowMs(), undefined, answer);
    return stepOf(await settlement.decide(entry, decision, answer.fence));
  };

  const started = (entry: Entry, run: RunFacts): void => {
    const { delivery } = entry;
    const nowMs = clock.nowMs();
    const dueMs = delivery.job.dueMs ?? delivery.notBeforeMs;
    const couldStartMs = dueMs ?? delivery.record.timestampMs;
    settlement.tell(
      entry,
      teller.ofRun(delivery, 'job.started', run, nowMs, {
        queueWaitMs: Math.max(0, nowMs - couldStartMs),
        latenessMs: dueMs === undefined ? null : Math.max(0, nowMs - dueMs),
      }),
    );
  };

  const run = async (entry: Entry, facts: RunFacts, freeSlot: () => void): Promise<Step> => {
    const { delivery } = entry;
    started(entry, facts);
    const execution = execute(
      {
        job,
        clock,
        timeoutMs: job.attemptTimeoutMs ?? parts.settings.attemptTimeoutMs,
        abandonAfterMs: parts.settings.abandonAfterMs,
        onHung: parts.onFatal,
        ...(parts.around === undefined ? {} : { around: parts.around }),
      },
      delivery,
      facts,
    );
    parts.executions.add(execution);
    const lease = { ...delivery.claim, fence: facts.fence, leaseMs: job.leaseMs };
    const stopKeeping = parts.leases.keep(lease, () => execution.revoke('claim-lost'));
    const end = await execution.ended;
    parts.executions.delete(execution);
    freeSlot();
    try {
      return await conclude(entry, facts, end);
    } finally {
      stopKeeping();
    }
  };

  const conclude = async (entry: Entry, facts: RunFacts, end: RunEnd): Promise<Step> => {
    switch (end.kind) {
      case 'returned':
        return stepOf(await settlement.complete(entry, facts, end.runMs));
      case 'threw':
        return failed(entry, { ...facts, runMs: end.runMs }, end.error);
      case 'released':
        await state.release({ ...entry.delivery.claim, fence: facts.fence, leaseMs: job.leaseMs });
        return again(ASK_AGAIN_MS);
    }
  };

  const deathOf = (error: ErrorSummary, attempt: number): DeadReason | undefined => {
    if (error.class === 'unrecoverable') return 'unrecoverable';
    if (error.class === 'integrity') return 'integrity_violation';
    return attempt >= job.retry.attempts ? 'attempts_exhausted' : undefined;
  };

  const failed = async (entry: Entry, failedRun: FailedRun, thrown: unknown): Promise<Step> => {
    const { delivery } = entry;
    const error = summarizeError(thrown, (one) => parts.classify?.(one) ?? classifyError(one));
    const atMs = clock.nowMs();
    const reason = deathOf(error, failedRun.attempt);
    if (reason !== undefined) {
      const decision = decider.dead(delivery, reason, error, atMs, failedRun);
      return stepOf(await settlement.decide(entry, decision, failedRun.fence));
    }
    const delayMs = delayBefore(job.retry, failedRun.attempt + 1) ?? 0;
    if (job.ordered) return postpone(entry, failedRun, error, { atMs, delayMs });
    const decision = decider.retry(delivery, failedRun, error, { atMs, dueMs: atMs + delayMs });
    return stepOf(await settlement.decide(entry, decision, failedRun.fence));
  };

  /** An ordered head keeps its place in memory; its attempt and due time are in the store. */
  const postpone = async (
    entry: Entry,
    failedRun: FailedRun,
    error: ErrorSummary,
    times: { readonly atMs: number; readonly delayMs: number },
  ): Promise<Step> => {
    const { delivery } = entry;
    const answer = await state.postpone({
      ...delivery.claim,
      jobId: delivery.job.id,
      fence: failedRun.fence,
      attempt: failedRun.attempt + 1,
      delayMs: times.delayMs,
      ttlMs: job.doneTtlMs,
    });
    if (answer === 'lost') return again(ASK_AGAIN_MS);
    settlement.tell(entry, decider.failedEvent(delivery, failedRun, error, times.atMs));
    const due = { atMs: times.atMs, dueMs: times.atMs + times.delayMs };
    settlement.tell(entry, decider.retriedEvent(delivery, failedRun, error, due));
    return again(times.delayMs);
  };

  const answered = async (entry: Entry, answer: ClaimAnswer, freeSlot: () => void): Promise<Step> => {
    if (answer.kind === 'run') {
      const { fence, attempt, starts } = answer;
      return run(entry, { executionId: randomId(), fence, attempt, starts }, freeSlot);
    }
    freeSlot();
    switch (answer.kind) {
      case 'done':
        return stepOf(await settlement.duplicate(entry, answer));
      case 'running':
        return runningElsewhere(entry, answer.untilMs - answer.nowMs);
      case 'wait':
        return again(answer.dueMs - answer.nowMs);
      case 'dead':
        return deadByCount(entry, answer);
      case 'decided':
        return stepOf(await settlement.carryOut(entry, decodeDecision(answer.decision)));
      case 'superseded':
        return stepOf(await settlement.superseded(entry, answer.origin));
    }
  };

  return async (entry: Entry, freeSlot: () => void): Promise<Step> => {
    const { deadOnArrival, notBeforeMs } = entry.delivery;
    if (deadOnArrival !== undefined) {
      freeSlot();
      const error = arrivalError(deadOnArrival.code, deadOnArrival.detail);
      const decision = decider.dead(entry.delivery, deadOnArrival.reason, error, clock.nowMs());
      return stepOf(await settlement.decide(entry, decision));
    }
    if (notBeforeMs !== undefined && notBeforeMs > clock.nowMs()) {
      freeSlot();
      return beforeItsTime(entry, notBeforeMs);
    }
    return answered(entry, await claim(entry), freeSlot);
  };
};
