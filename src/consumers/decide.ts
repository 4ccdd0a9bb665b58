import type { AppDefinition } from '../core/app.ts';
import type { JobHeaders } from '../core/envelope.ts';
import type { JobEvent } from '../core/generated/job-event.ts';
import { inboxFor } from '../core/inbox.ts';
import type { JobDefinition } from '../core/job.ts';
import { tierFor } from '../core/ladder.ts';
import { names } from '../core/names.ts';
import type { DeadReason, DeferReason, ErrorSummary } from '../core/outcome.ts';
import { formatPosition } from '../core/record.ts';
import type { Decision } from './decision.ts';
import type { Delivery } from './delivery.ts';
import { errorFacts, type RunFacts, type Teller } from './job-telling.ts';

/** A failed run, as far as a decision needs it. */
export interface FailedRun extends RunFacts {
  readonly runMs: number;
}

/** A run that failed without spending its attempt: what it depends on is down. */
export interface UnspentRun {
  readonly run: FailedRun;
  readonly error: ErrorSummary;
}

/** When a decision was made and when its successor may start, epoch ms. */
export interface DecisionTimes {
  readonly atMs: number;
  readonly dueMs: number;
}

/** What is known of a job that dies: `run` is absent where none led to it, `counts` then come from the claim. */
export interface Death {
  readonly reason: DeadReason;
  readonly error: ErrorSummary;
  readonly atMs: number;
  readonly run?: FailedRun;
  readonly counts?: { readonly attempt: number; readonly starts: number };
}

const LONGEST_ORDER_KEY_BYTES = 256;

/** The ordering key if it is short: headers stay bounded, and a long one is made again from the payload. */
const shortOrderKey = ({ orderKey }: JobHeaders): Pick<JobHeaders, 'orderKey'> =>
  orderKey !== undefined && Buffer.byteLength(orderKey) <= LONGEST_ORDER_KEY_BYTES ? { orderKey } : {};

/** The `job-*` headers of a successor: what described this copy's own wait and error is replaced. */
const nextHeaders = (delivery: Delivery, changes: Partial<JobHeaders>): JobHeaders => {
  const { id, type, attempt, starts, hop, priority, firstFailedAtMs } = delivery.job;
  const { replayId, replayOf, replayCount, editOf, forcedBy } = delivery.job;
  return {
    ...{ id, type, attempt, starts, replayCount, origin: delivery.origin },
    ...shortOrderKey(delivery.job),
    ...(priority === undefined ? {} : { priority }),
    ...(firstFailedAtMs === undefined ? {} : { firstFailedAtMs }),
    ...(replayId === undefined ? {} : { replayId }),
    ...(replayOf === undefined ? {} : { replayOf }),
    ...(editOf === undefined ? {} : { editOf }),
    ...(forcedBy === undefined ? {} : { forcedBy }),
    ...changes,
    hop: hop + 1,
  };
};

/** Where an ordered job has its place, so that its dead letter can be replayed in its order. */
const placeInOrder = ({ order }: Delivery): Pick<JobHeaders, 'place'> =>
  order === undefined ? {} : { place: `${order.partition}/${order.place}` };

/** Makes the decisions of one job type. Pure: times and facts are given. */
export class Decider {
  readonly #app: AppDefinition;
  readonly #job: JobDefinition<unknown>;
  readonly #teller: Teller;

  constructor(app: AppDefinition, job: JobDefinition<unknown>, teller: Teller) {
    this.#app = app;
    this.#job = job;
    this.#teller = teller;
  }

  /** A failed attempt that is tried again later. */
  retry(delivery: Delivery, run: FailedRun, error: ErrorSummary, times: DecisionTimes): Decision {
    return {
      kind: 'retry',
      topic: this.#tierTopic(delivery, times),
      next: nextHeaders(delivery, {
        attempt: run.attempt + 1,
        starts: run.starts,
        dueMs: times.dueMs,
        target: this.#inboxOf(delivery),
        error,
        firstFailedAtMs: delivery.job.firstFailedAtMs ?? times.atMs,
      }),
      atMs: times.atMs,
      events: this.retryEvents(delivery, run, error, times),
    };
  }

  /** What is told of a failed attempt that is tried again. */
  retryEvents(
    delivery: Delivery,
    run: FailedRun,
    error: ErrorSummary,
    times: DecisionTimes,
  ): readonly JobEvent[] {
    const facts = { dueAt: times.dueMs, ...errorFacts(error) };
    return [
      this.failedEvent(delivery, run, error, times.atMs),
      this.#teller.ofRun(delivery, 'job.retried', run, times.atMs, facts),
    ];
  }

  /** A job that waits outside the window without an attempt spent; `failed`, where a run led to it. */
  deferred(delivery: Delivery, reason: DeferReason, times: DecisionTimes, failed?: UnspentRun): Decision {
    const error = failed?.error ?? delivery.job.error;
    return {
      kind: 'deferred',
      topic: this.#tierTopic(delivery, times),
      next: nextHeaders(delivery, {
        dueMs: times.dueMs,
        target: this.#inboxOf(delivery),
        ...(error === undefined ? {} : { error }),
      }),
      atMs: times.atMs,
      events: [
        ...(failed === undefined ? [] : [this.failedEvent(delivery, failed.run, failed.error, times.atMs)]),
        this.#teller.of(delivery, 'job.deferred', `hop:${delivery.job.hop}`, times.atMs, {
          dueAt: times.dueMs,
          reason,
        }),
      ],
    };
  }

  /**
   * The copy that stands in for a job while it runs long: it is the same copy to the store, and runs only if the process
   * of the job dies. Its starts are those before the run: the claim counts the run itself. Nothing is told, since the job
   * neither waits nor has failed.
   */
  standIn(delivery: Delivery, times: DecisionTimes): Decision {
    const { error } = delivery.job;
    return {
      kind: 'deferred',
      topic: this.#tierTopic(delivery, times),
      next: nextHeaders(delivery, {
        ...{ dueMs: times.dueMs, target: this.#inboxOf(delivery), place: delivery.position },
        ...(error === undefined ? {} : { error }),
      }),
      atMs: times.atMs,
      events: [],
    };
  }

  /**
   * A job that was not tried and waits elsewhere: in the inbox for it, or first on a tier until `dueMs`. The copy is the
   * same job at the same hop: nothing was decided about it, so the store need not know. To the store it is the copy it
   * was made of: what that one had decided, and not written before its process died, is the copy's to write.
   */
  forwarded(delivery: Delivery, reason: DeferReason, atMs: number, dueMs: number | undefined): Decision {
    const { dueMs: _, target: __, orderKey: ___, isPaused: ____, ...job } = delivery.job;
    const target =
      reason === 'surplus' ? names.surplus(this.#app.name, this.#job.type) : this.#inboxOf(delivery);
    return {
      kind: 'deferred',
      topic: dueMs === undefined ? target : this.#tierTopic(delivery, { atMs, dueMs }),
      next: {
        ...{ ...job, ...shortOrderKey(delivery.job), origin: delivery.origin, place: delivery.position },
        ...(reason === 'paused' ? { isPaused: true as const } : {}),
        ...(dueMs === undefined ? {} : { dueMs, target }),
      },
      atMs,
      events: [
        this.#teller.of(delivery, 'job.deferred', `from:${formatPosition(delivery.record)}`, atMs, {
          dueAt: dueMs ?? null,
          reason,
        }),
      ],
    };
  }

  /** A job that runs no more without a human. */
  dead(delivery: Delivery, death: Death): Decision {
    const { reason, error, atMs, run } = death;
    const attempt = run?.attempt ?? death.counts?.attempt ?? 0;
    const starts = run?.starts ?? death.counts?.starts ?? delivery.job.starts;
    const sent = this.#teller.of(delivery, 'job.sent_to_dlq', `hop:${delivery.job.hop}`, atMs, {
      ...{ attempt, starts, reason, fence: run?.fence ?? null, executionId: run?.executionId ?? null },
      ...errorFacts(error),
    });
    return {
      kind: 'dead',
      topic: names.deadLetters(this.#app.name, this.#job.type),
      next: nextHeaders(delivery, {
        ...{ attempt: Math.max(1, attempt), starts, error, deadReason: reason },
        firstFailedAtMs: delivery.job.firstFailedAtMs ?? atMs,
        ...placeInOrder(delivery),
      }),
      atMs,
      dead: { reason, error, tenant: delivery.tenant },
      events: run === undefined ? [sent] : [this.failedEvent(delivery, run, error, atMs), sent],
    };
  }

  #inboxOf({ tenant, priority }: Delivery): string {
    return inboxFor(this.#app.name, this.#job, tenant, priority);
  }

  /** The tier for what is left to wait; the smallest one when less is left than it holds back. */
  #tierTopic(delivery: Delivery, { atMs, dueMs }: DecisionTimes): string {
    const tierMs = tierFor(this.#app.ladderMs, dueMs - atMs) ?? this.#app.ladderMs[0];
    return tierMs === undefined ? this.#inboxOf(delivery) : names.tier(this.#app.name, tierMs);
  }

  /** What is told of an attempt that failed. */
  failedEvent(delivery: Delivery, run: FailedRun, error: ErrorSummary, atMs: number): JobEvent {
    return this.#teller.ofRun(delivery, 'job.failed', run, atMs, {
      runMs: run.runMs,
      ...errorFacts(error),
    });
  }
}
