import type { AppDefinition } from '../core/app.ts';
import type { JobHeaders } from '../core/envelope.ts';
import type { JobEvent } from '../core/generated/job-event.ts';
import type { JobDefinition } from '../core/job.ts';
import { tierFor } from '../core/ladder.ts';
import { names } from '../core/names.ts';
import type { DeadReason, DeferReason, ErrorSummary } from '../core/outcome.ts';
import type { Decision } from './decision.ts';
import type { Delivery } from './delivery.ts';
import { errorFacts, type RunFacts, type Teller } from './job-telling.ts';

/** A failed run, as far as a decision needs it. */
export interface FailedRun extends RunFacts {
  readonly runMs: number;
}

const LONGEST_ORDER_KEY_BYTES = 256;

/** Makes the decisions of one job type; pure but for what it is told. */
export const createDecider = (app: AppDefinition, job: JobDefinition<unknown>, teller: Teller) => {
  const inbox = names.inbox(app.name, job.type);

  /** The tier for what is left to wait; the smallest one when less is left than it holds back. */
  const tierTopic = (leftMs: number): string => {
    const tierMs = tierFor(app.ladderMs, leftMs) ?? app.ladderMs[0];
    return tierMs === undefined ? inbox : names.tier(app.name, tierMs);
  };

  const nextHeaders = (delivery: Delivery, changes: Partial<JobHeaders>): JobHeaders => {
    const { error: _error, dueMs: _due, target: _target, deadReason: _dead, orderKey, ...kept } = delivery.job;
    // Headers stay bounded: a long ordering key is made again from the payload.
    const short = orderKey !== undefined && Buffer.byteLength(orderKey) <= LONGEST_ORDER_KEY_BYTES;
    return {
      ...kept,
      ...(short ? { orderKey } : {}),
      origin: delivery.origin,
      ...changes,
      hop: delivery.job.hop + 1,
    };
  };

  const failedEvent = (delivery: Delivery, run: FailedRun, error: ErrorSummary, atMs: number): JobEvent =>
    teller.ofRun(delivery, 'job.failed', run, atMs, { runMs: run.runMs, ...errorFacts(error) });

  const retry = (
    delivery: Delivery,
    run: FailedRun,
    error: ErrorSummary,
    times: { readonly atMs: number; readonly dueMs: number },
  ): Decision => ({
    kind: 'retry',
    topic: tierTopic(times.dueMs - times.atMs),
    next: nextHeaders(delivery, {
      attempt: run.attempt + 1,
      starts: run.starts,
      dueMs: times.dueMs,
      target: inbox,
      error,
      firstFailedAtMs: delivery.job.firstFailedAtMs ?? times.atMs,
    }),
    atMs: times.atMs,
    events: [
      failedEvent(delivery, run, error, times.atMs),
      retriedEvent(delivery, run, error, times),
    ],
  });

  const retriedEvent = (
    delivery: Delivery,
    run: FailedRun,
    error: ErrorSummary,
    times: { readonly atMs: number; readonly dueMs: number },
  ): JobEvent =>
    teller.ofRun(delivery, 'job.retried', run, times.atMs, { dueAt: times.dueMs, ...errorFacts(error) });

  const deferred = (
    delivery: Delivery,
    reason: DeferReason,
    times: { readonly atMs: number; readonly dueMs: number },
  ): Decision => ({
    kind: 'deferred',
    topic: tierTopic(times.dueMs - times.atMs),
    next: nextHeaders(delivery, {
      dueMs: times.dueMs,
      target: inbox,
      ...(delivery.job.error === undefined ? {} : { error: delivery.job.error }),
    }),
    atMs: times.atMs,
    events: [
      teller.of(delivery, 'job.deferred', `hop:${delivery.job.hop}`, times.atMs, { dueAt: times.dueMs, reason }),
    ],
  });

  /** `run` is absent for jobs that die without having run (undecodable, starts exhausted, …). */
  const dead = (
    delivery: Delivery,
    reason: DeadReason,
    error: ErrorSummary,
    atMs: number,
    run?: FailedRun,
    counts: Partial<Pick<RunFacts, 'attempt' | 'starts'>> = {},
  ): Decision => {
    const told = { attempt: run?.attempt ?? counts.attempt ?? 0, starts: run?.starts ?? counts.starts ?? delivery.job.starts };
    return {
      kind: 'dead',
      topic: names.deadLetters(app.name, job.type),
      next: nextHeaders(delivery, {
        attempt: Math.max(1, told.attempt),
        starts: told.starts,
        error,
        deadReason: reason,
        firstFailedAtMs: delivery.job.firstFailedAtMs ?? atMs,
      }),
      atMs,
      dead: { reason, error, tenant: delivery.tenant },
      events: [
        ...(run === undefined ? [] : [failedEvent(delivery, run, error, atMs)]),
        teller.of(delivery, 'job.sent_to_dlq', `hop:${delivery.job.hop}`, atMs, {
          ...told,
          reason,
          fence: run?.fence ?? null,
          executionId: run?.executionId ?? null,
          ...errorFacts(error),
        }),
      ],
    };
  };

  return { retry, deferred, dead, failedEvent, retriedEvent };
};

export type Decider = ReturnType<typeof createDecider>;
