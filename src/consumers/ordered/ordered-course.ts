import { classifyError } from '../../core/classify.ts';
import type { DeadReason, ErrorSummary } from '../../core/outcome.ts';
import type {
  OrderClaimAnswer,
  OrderClaimRequest,
  OrderCompleteRequest,
  PlacedId,
} from '../../core/ports/order-state.ts';
import type { CompleteRequest } from '../../core/ports/state.ts';
import { delayBefore } from '../../core/retry-policy.ts';
import type { JobSettings } from '../../core/settings.ts';
import { summarizeError } from '../../security/error-summary.ts';
import { ClaimStage } from '../claim-stage.ts';
import { CompletionStage, type CompletionStageParts, type Ending } from '../completion-stage.ts';
import type { PauseGuard } from '../control/pause-guard.ts';
import type { StartControl } from '../control/start-control.ts';
import type { Course, CourseEvents } from '../course.ts';
import type { Decider, FailedRun } from '../decide.ts';
import type { DependencyGuard } from '../dependency-guard.ts';
import type { EngineParts } from '../engine-parts.ts';
import type { Entry } from '../entry.ts';
import { foundError, tooOld, waitedTooLong } from '../found-error.ts';
import type { RunFacts } from '../job-telling.ts';
import type { LetterGuard } from '../letter-guard/letter-guard.ts';
import type { Settlement } from '../settlement.ts';
import type { Step } from '../step.ts';
import { tellEvent } from '../tell-record.ts';
import { driverOf } from './lane-driver.ts';
import { orderClaimRequestOf } from './order-claim-request.ts';
import type { OrderClient } from './order-client.ts';
import type { OrderedBurial } from './ordered-burial.ts';
import { placedId } from './placed.ts';

export interface OrderedCourseParts
  extends Omit<CompletionStageParts, 'onMarked' | 'onSettled' | 'onFenced' | 'onError' | 'markAll'>,
    Pick<EngineParts, 'classify' | 'settings' | 'log'> {
  readonly jobSettings: JobSettings;
  readonly order: OrderClient;
  readonly settlement: Settlement;
  readonly decider: Decider;
  readonly dependencies: DependencyGuard;
  readonly pauses: PauseGuard;
  readonly control: StartControl;
  readonly burial: OrderedBurial;
  readonly guard: LetterGuard;
}

/** When one that may not die now is looked at again: by then its job type, or tenant, is known to be paused. */
const HELD_BACK_MS = 500;

const nothing = (): void => undefined;
const report = (what: () => void): Step => ({ kind: 'report', report: what });

/**
 * Ordered job types: the order machine of the entry's partition says when it is asked for and what follows it; here its
 * turn is taken, and the machine is told what became of it.
 */
export class OrderedCourse implements Course {
  readonly #parts: OrderedCourseParts;
  readonly #events: CourseEvents;
  readonly #claims: ClaimStage<OrderClaimRequest, OrderClaimAnswer>;
  readonly #completions: CompletionStage;

  constructor(parts: OrderedCourseParts, events: CourseEvents) {
    const onError = (error: unknown): void => events.failed(error);
    this.#parts = parts;
    this.#events = events;
    this.#claims = new ClaimStage({
      ...parts,
      requestOf: (entry) => orderClaimRequestOf(parts.job, entry),
      claimAll: (requests) => parts.order.claimAll(requests),
      onAnswer: (entry, answer) => this.#answered(entry, answer),
      onError,
    });
    this.#completions = new CompletionStage({
      ...parts,
      markAll: (items) =>
        parts.order.completeAll(
          items.map(({ entry, request }) => completeRequestOf(placedId(parts.job, entry), request)),
        ),
      onMarked: (entry) => driverOf(entry).marked(entry),
      onSettled: (entry) => events.over(entry),
      onFenced: (entry) => events.stepping(entry, Promise.resolve(this.gone(entry))),
      onError,
    });
  }

  /** Too early, or what it depends on is down: the machine holds it, or moves it out of the others' way. */
  unclaimed(entry: Entry): Promise<Step> | undefined {
    const { clock, dependencies, pauses } = this.#parts;
    const nowMs = clock.nowMs();
    const { deadOnArrival, notBeforeMs = deadOnArrival?.notBeforeMs } = entry.delivery;
    const dueMs =
      notBeforeMs !== undefined && notBeforeMs > nowMs
        ? notBeforeMs
        : (pauses.notBefore(entry, nowMs) ?? dependencies.notBefore(entry, nowMs));
    if (dueMs === undefined) return undefined;
    const answer: OrderClaimAnswer = { kind: 'wait', dueMs, nowMs, attempt: entry.delivery.job.attempt };
    return Promise.resolve(report(() => driverOf(entry).answered(entry, answer)));
  }

  ask(entry: Entry): void {
    this.#claims.ask(entry);
  }

  ended(entry: Entry, run: RunFacts, ending: Ending): void {
    if (ending.type === 'job.completed') {
      this.#parts.dependencies.up(entry);
      this.#parts.guard.lived(entry);
    }
    this.#completions.add(entry, run, ending);
  }

  async threw(entry: Entry, run: RunFacts, runMs: number, thrown: unknown): Promise<Step> {
    const { job, classify, burial, guard, dependencies, clock } = this.#parts;
    const error = summarizeError(thrown, (one) =>
      classifyError(one, classify === undefined ? [] : [classify]),
    );
    const failed = { ...run, runMs };
    entry.home.tally.threw(runMs, error.class);
    if (error.class === 'dependency-down')
      return this.#unspent(entry, failed, error, dependencies.noted(entry, thrown));
    const reason = deathOf(error, run.attempt, job.retry.attempts);
    if (reason === undefined) return this.#postpone(entry, failed, error);
    if (guard.mayDie(entry, { reason, error })) return burial.die(entry, { reason, error, run: failed });
    return this.#unspent(entry, failed, error, clock.nowMs() + HELD_BACK_MS);
  }

  async release(entry: Entry, run: RunFacts): Promise<Step> {
    const { state, job } = this.#parts;
    await state.release({ ...entry.delivery.claim, fence: run.fence, leaseMs: job.leaseMs });
    return this.gone(entry);
  }

  gone(entry: Entry): Step {
    return report(() => driverOf(entry).lost(entry));
  }

  #answered(entry: Entry, answer: OrderClaimAnswer): void {
    if (!entry.home.alive) {
      this.#leaveLost(entry, answer);
      return;
    }
    const { settlement, burial } = this.#parts;
    const ended = (): void => driverOf(entry).ended(entry);
    switch (answer.kind) {
      case 'run':
        driverOf(entry).answered(entry, answer);
        this.#granted(entry);
        return;
      case 'done':
        driverOf(entry).answered(entry, answer);
        this.#events.stepping(
          entry,
          settlement.duplicate(entry, answer).then(() => report(ended)),
        );
        return;
      case 'superseded':
        driverOf(entry).answered(entry, answer);
        this.#events.stepping(
          entry,
          settlement.superseded(entry, answer.origin).then(() => report(ended)),
        );
        return;
      case 'dead':
        driverOf(entry).answered(entry, answer);
        this.#events.stepping(entry, burial.bury(entry, answer));
        return;
      default:
        this.#events.stepping(entry, Promise.resolve(report(() => driverOf(entry).answered(entry, answer))));
    }
  }

  #granted(entry: Entry): void {
    const { burial, clock, job, jobSettings, control } = this.#parts;
    const { run, delivery } = entry;
    if (run === undefined) return;
    const ending = control.endOf(job, entry);
    if (ending !== undefined) {
      this.#events.stepping(entry, burial.cancel(entry, run, ending));
      return;
    }
    const { deadOnArrival } = delivery;
    if (deadOnArrival !== undefined) {
      const { reason, code, detail } = deadOnArrival;
      this.#events.stepping(entry, this.#die(entry, run, reason, foundError(code, detail)));
      return;
    }
    const nowMs = clock.nowMs();
    const old = tooOld(job, delivery, nowMs);
    const verdict = entry.foundFull ? 'skip' : (old ?? waitedTooLong(jobSettings, delivery, nowMs));
    if (verdict === 'wait') this.#events.granted(entry);
    else if (verdict === 'skip') this.#skip(entry, run);
    else this.#events.stepping(entry, this.#die(entry, run, 'max_age', verdict));
  }

  /** Dies under a claim that led to no run; where it may not, it asks again when starts go on. */
  #die(entry: Entry, run: RunFacts, reason: DeadReason, error: ErrorSummary): Promise<Step> {
    const { guard, burial } = this.#parts;
    return guard.mayDie(entry, { reason, error })
      ? burial.die(entry, { reason, error, claim: run })
      : this.release(entry, run);
  }

  /** Its queue would rather skip than wait: it is over at its turn, under its claim, so that its sequence goes on. */
  #skip(entry: Entry, run: RunFacts): void {
    const { log, job } = this.#parts;
    log.warn('job skipped: its queue is full', {
      ...{ jobType: job.type, queue: job.queue, jobId: entry.delivery.job.id },
    });
    this.#events.notStarted(entry);
    this.ended(entry, run, { type: 'job.skipped', reason: 'queue_full' });
  }

  /** The partition was lost meanwhile: its new owner asks for itself. */
  #leaveLost(entry: Entry, answer: OrderClaimAnswer): void {
    const { state, job } = this.#parts;
    const give = async (): Promise<Step> => {
      if (answer.kind === 'run' || answer.kind === 'dead') {
        await state.release({ ...entry.delivery.claim, fence: answer.fence, leaseMs: job.leaseMs });
      }
      return report(nothing);
    };
    this.#events.stepping(entry, give());
  }

  /** Starts are suspended: this one is given back, and the machine waits until the next may be. */
  async #unspent(entry: Entry, run: FailedRun, error: ErrorSummary, dueMs: number): Promise<Step> {
    const { decider, state, job, clock } = this.#parts;
    const { delivery } = entry;
    tellEvent(this.#parts, entry, decider.failedEvent(delivery, run, error, clock.nowMs()));
    await state.release({ ...delivery.claim, fence: run.fence, leaseMs: job.leaseMs });
    return report(() => driverOf(entry).failed(entry, dueMs));
  }

  /** The head keeps its place; its attempt and due time are in the store. */
  async #postpone(entry: Entry, run: FailedRun, error: ErrorSummary): Promise<Step> {
    const { job, order, decider, clock } = this.#parts;
    const atMs = clock.nowMs();
    const delayMs = delayBefore(job.retry, run.attempt + 1) ?? 0;
    const answer = await order.fail({
      ...placedId(job, entry),
      ...{ fence: run.fence, attempt: run.attempt + 1, delayMs, leaseMs: job.leaseMs },
      note: noteOf(error),
    });
    if (answer === 'lost') return this.gone(entry);
    const dueMs = atMs + delayMs;
    for (const event of decider.retryEvents(entry.delivery, run, error, { atMs, dueMs })) {
      tellEvent(this.#parts, entry, event);
    }
    return report(() => driverOf(entry).failed(entry, dueMs));
  }
}

/** One literal: every job has one, and a spread is slow. */
const completeRequestOf = (
  { partition, orderKey, place, where, ttlMs }: PlacedId,
  { jobType, tenant, idempotencyKey, jobId, hop, fence, origin, event, doneTtlMs }: CompleteRequest,
): OrderCompleteRequest => ({
  jobType,
  tenant,
  idempotencyKey,
  partition,
  orderKey,
  jobId,
  hop,
  place,
  where,
  ttlMs,
  fence,
  origin,
  event,
  doneTtlMs,
});

const deathOf = (error: ErrorSummary, attempt: number, attempts: number): DeadReason | undefined => {
  if (error.class === 'unrecoverable') return 'unrecoverable';
  if (error.class === 'integrity') return 'integrity_violation';
  return attempt >= attempts ? 'attempts_exhausted' : undefined;
};

/** What is said of the error when the record dies later, also after a crash. */
const noteOf = (error: ErrorSummary): Buffer => Buffer.from(JSON.stringify(error), 'utf8');
