import type { JobDefinition } from '../core/job.ts';
import type { CancelReason, SkipReason } from '../core/outcome.ts';
import type { ClaimAnswer } from '../core/ports/state.ts';
import { type Decision, decodeDecision, encodeDecision } from './decision.ts';
import type { Delivery } from './delivery.ts';
import type { EngineParts } from './engine-parts.ts';
import type { Entry } from './entry.ts';
import type { FollowerDispatch } from './follower-dispatch.ts';
import type { Teller } from './job-telling.ts';
import { unpackEvent } from './packed-event.ts';
import type { StateClient } from './state-client.ts';
import type { SuccessorWriter } from './successor.ts';
import { type TellingParts, tellEvent } from './tell-record.ts';

/** How long a decision is remembered: as long as its successor and any late copy can be around. */
const DECISION_TTL_MS = 8 * 24 * 3_600_000;

/** What to do with an entry now: it is over and may be settled, or its claim must be asked for again. */
export type Settled = 'settle' | 'ask-again';

export interface SettlementParts extends TellingParts, Pick<EngineParts, 'clock'> {
  readonly job: JobDefinition<unknown>;
  readonly state: StateClient;
  readonly teller: Teller;
  readonly followers: FollowerDispatch;
}

export interface DecisionParts extends SettlementParts {
  readonly writer: SuccessorWriter;
}

/**
 * Ends the stay of a record that did not complete here, never in another order: decision, successor acknowledged,
 * telemetry acknowledged, decision durable. The watermark comes after, and is the caller's.
 */
export class Settlement {
  readonly #parts: DecisionParts;

  constructor(parts: DecisionParts) {
    this.#parts = parts;
  }

  /** Stores a decision and carries it out, unless another copy, or another run, has gone before. */
  async decide(entry: Entry, decision: Decision, fence: number): Promise<Settled> {
    const answer = await this.#parts.state.decide({
      ...identityOf(entry),
      origin: entry.delivery.origin,
      decision: encodeDecision(decision),
      ttlMs: DECISION_TTL_MS,
      fence,
    });
    switch (answer.kind) {
      case 'stored':
        return this.carryOut(entry, decision);
      case 'decided':
        return this.carryOut(entry, decodeDecision(answer.decision));
      case 'superseded':
        return this.superseded(entry, answer.origin);
      case 'fenced':
        return 'ask-again';
    }
  }

  /** Writes what a decision says, and tells it; resolves when all of it is acknowledged. */
  async publish(entry: Entry, decision: Decision): Promise<void> {
    await this.#parts.writer.write(entry.delivery, decision);
    for (const event of decision.events) tellEvent(this.#parts, entry, event);
    await allTold(entry);
  }

  /** Carries a decision out; also one that an earlier delivery of this copy has made. */
  async carryOut(entry: Entry, decision: Decision): Promise<Settled> {
    await this.publish(entry, decision);
    await this.#parts.state.settled(identityOf(entry));
    return 'settle';
  }

  /**
   * Another copy has this job. Told only where that copy came from another record (a repeated event): copies of one
   * record, such as a hop written twice, are nobody's business.
   */
  async superseded(entry: Entry, origin: string): Promise<Settled> {
    this.#skip(entry, origin, 'superseded');
    await allTold(entry);
    return 'settle';
  }

  /**
   * A finished job: if the mark still holds its event, that is published first, with those that follow. Only by a copy of
   * the very job where somebody follows: another event's payload may be another, and the job's own copy comes again.
   */
  async duplicate(entry: Entry, answer: ClaimAnswer & { kind: 'done' }): Promise<Settled> {
    const { telemetry, state, job, followers } = this.#parts;
    const { fence, origin } = answer;
    if (answer.event !== undefined && (followers.isIdle || origin === entry.delivery.origin)) {
      const record = unpackEvent(answer.event);
      await followers.endedBefore(entry, record);
      await telemetry.append(record);
      await allTold(entry);
      await state.told({ ...entry.delivery.claim, fence, origin, doneTtlMs: job.doneTtlMs });
    }
    this.#skip(entry, origin, 'duplicate');
    await allTold(entry);
    return 'settle';
  }

  /** A job that is not run, and is over: told, and settled. */
  async skip(entry: Entry, reason: 'queue_full'): Promise<Settled> {
    this.#tellSkipped(entry, reason);
    await allTold(entry);
    return 'settle';
  }

  /** A job that an operator has ended: told under one id, whichever copy of it comes up. */
  async cancel(entry: Entry, reason: CancelReason): Promise<Settled> {
    const { teller, clock } = this.#parts;
    const event = teller.of(entry.delivery, 'job.cancelled', 'cancelled', clock.nowMs(), { reason });
    tellEvent(this.#parts, entry, event);
    await allTold(entry);
    return 'settle';
  }

  #skip(entry: Entry, origin: string, reason: 'duplicate' | 'superseded'): void {
    const { delivery } = entry;
    if (origin === delivery.origin) return;
    this.#tellSkipped(entry, reason);
  }

  #tellSkipped(entry: Entry, reason: SkipReason): void {
    const { delivery } = entry;
    const atMs = this.#parts.clock.nowMs();
    const event = this.#parts.teller.of(delivery, 'job.skipped', skipOf(delivery), atMs, { reason });
    tellEvent(this.#parts, entry, event);
  }
}

/** A record that is skipped is told once, however many copies of it stand somewhere; and once more for each replay. */
const skipOf = ({ origin, job: { replayId } }: Delivery): string =>
  replayId === undefined ? origin : `${origin} ${replayId}`;

const allTold = (entry: Entry): Promise<void> => new Promise((resolve) => entry.whenTold(() => resolve()));

const identityOf = ({ delivery }: Entry) => ({
  ...delivery.claim,
  jobId: delivery.job.id,
  hop: delivery.job.hop,
  position: delivery.position,
});
