import type { Clock } from '../../core/clock.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { CancelReason, DeadReason, ErrorSummary } from '../../core/outcome.ts';
import type { OrderClaimAnswer } from '../../core/ports/order-state.ts';
import type { Death, Decider, FailedRun } from '../decide.ts';
import type { Delivery } from '../delivery.ts';
import type { Entry } from '../entry.ts';
import { foundError } from '../found-error.ts';
import type { RunFacts } from '../job-telling.ts';
import type { Settlement } from '../settlement.ts';
import type { Step } from '../step.ts';
import { driverOf } from './lane-driver.ts';
import type { OrderClient } from './order-client.ts';
import { placedId } from './placed.ts';

export interface OrderedBurialParts {
  readonly job: JobDefinition<unknown>;
  readonly clock: Clock;
  readonly order: OrderClient;
  readonly settlement: Settlement;
  readonly decider: Decider;
}

/** Why an entry that has its turn dies: after a run, or under a claim that led to none. */
export interface OrderedDeath {
  readonly reason: DeadReason;
  readonly error: ErrorSummary;
  readonly run?: FailedRun;
  readonly claim?: RunFacts;
}

const BY_COUNT: readonly DeadReason[] = ['attempts_exhausted', 'starts_exhausted'];

/** Ends ordered records as dead letters: only after letter and telemetry are acknowledged does the sequence move on. */
export class OrderedBurial {
  readonly #parts: OrderedBurialParts;

  constructor(parts: OrderedBurialParts) {
    this.#parts = parts;
  }

  /** The store is told first, so that after a crash the letter is written again and the handler not called again. */
  async die(entry: Entry, { reason, error, run, claim }: OrderedDeath): Promise<Step> {
    const { job, order, clock } = this.#parts;
    const held = run ?? claim;
    if (held === undefined) throw new TypeError('an ordered record dies only under a claim');
    const answer = await order.fail({
      ...placedId(job, entry),
      ...{ fence: held.fence, attempt: held.attempt, delayMs: 0, leaseMs: job.leaseMs, dead: reason },
      note: Buffer.from(JSON.stringify(error), 'utf8'),
    });
    if (answer === 'lost') return { kind: 'report', report: () => driverOf(entry).lost(entry) };
    const death = { reason, error, atMs: clock.nowMs() };
    return this.#write(entry, run === undefined ? death : { ...death, run }, held.fence);
  }

  /** The store says that the record is dead: its attempts or starts are used up, or one before it died. */
  bury(entry: Entry, answer: OrderClaimAnswer & { kind: 'dead' }): Promise<Step> {
    const { reason, attempt, starts, fence, note } = answer;
    const own = ownDeath(entry.delivery, reason);
    if (own !== undefined) return this.#write(entry, { ...own, atMs: this.#parts.clock.nowMs() }, fence);
    const found = foundError(reason.toUpperCase(), `given up after ${starts} starts, ${attempt} attempts`);
    const last = note === undefined ? entry.delivery.job.error : readNote(note);
    const error = last === undefined ? found : { ...found, ...last, class: found.class };
    const death = { reason, error, atMs: this.#parts.clock.nowMs(), counts: { attempt, starts } };
    return this.#write(entry, death, fence);
  }

  /** An operator has ended it: a death without a letter, behind which its sequence goes on. */
  async cancel(entry: Entry, run: RunFacts, reason: CancelReason): Promise<Step> {
    await this.#parts.settlement.cancel(entry, reason);
    return this.#leave(entry, run.fence, false);
  }

  async #write(entry: Entry, death: Death, fence: number): Promise<Step> {
    const { settlement, decider, job } = this.#parts;
    await settlement.publish(entry, decider.dead(entry.delivery, death));
    return this.#leave(entry, fence, job.afterDead === 'hold');
  }

  async #leave(entry: Entry, fence: number, hold: boolean): Promise<Step> {
    const { job, order } = this.#parts;
    const answer = await order.dead({
      ...placedId(job, entry),
      ...{ fence, origin: entry.delivery.origin, hold, deadTtlMs: job.doneTtlMs },
    });
    const driver = driverOf(entry);
    return { kind: 'report', report: () => (answer === 'fenced' ? driver.lost(entry) : driver.ended(entry)) };
  }
}

/** What can never run says so, however often it was started, and in the same words when it is told again. */
const ownDeath = (
  { deadOnArrival }: Delivery,
  reason: DeadReason,
): Pick<Death, 'reason' | 'error'> | undefined => {
  if (deadOnArrival === undefined) return undefined;
  const isOwn = reason === deadOnArrival.reason || BY_COUNT.includes(reason);
  if (!isOwn) return undefined;
  return { reason: deadOnArrival.reason, error: foundError(deadOnArrival.code, deadOnArrival.detail) };
};

/** The error that a failed attempt left in the store; undefined when it is none. */
const readNote = (note: Buffer): Partial<ErrorSummary> | undefined => {
  try {
    const value: unknown = JSON.parse(note.toString('utf8'));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    // Written by another version: the record dies all the same, with less to say.
    return undefined;
  }
};
