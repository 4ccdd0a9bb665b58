import type { JobEvent } from '../core/generated/job-event.ts';
import type { JobDefinition } from '../core/job.ts';
import type { ClaimAnswer } from '../core/ports/state.ts';
import { type Decision, decodeDecision, encodeDecision } from './decision.ts';
import type { EngineParts } from './engine-parts.ts';
import type { RunFacts, Teller } from './job-telling.ts';
import { packEvent, unpackEvent } from './packed-event.ts';
import type { Entry } from './partition-home.ts';
import type { StateClient } from './state-client.ts';
import type { SuccessorWriter } from './successor.ts';

/** How long a decision is remembered: as long as its successor and any late copy can be around. */
const DECISION_TTL_MS = 8 * 24 * 3_600_000;

/** What to do with an entry now: it is over and may be settled, or its claim must be asked for again. */
export type Settled = 'settle' | 'ask-again';

export interface SettlementParts extends Pick<EngineParts, 'telemetry' | 'clock'> {
  readonly job: JobDefinition<unknown>;
  readonly state: StateClient;
  readonly teller: Teller;
  readonly writer: SuccessorWriter;
}

/**
 * Ends the stay of a record at its offset, never in another order: completed is effect, done mark (with the encoded
 * terminal event), telemetry acknowledged, event dropped from the mark; retry, deferred and dead are decision,
 * successor acknowledged, telemetry acknowledged, decision durable. The watermark comes after, and is the caller's.
 */
export class Settlement {
  readonly #parts: SettlementParts;

  constructor(parts: SettlementParts) {
    this.#parts = parts;
  }

  /** Tells at once, and keeps the append so that it is durable before the record is settled. */
  tell(entry: Entry, event: JobEvent): void {
    const { telemetry } = this.#parts;
    telemetry.observe(event);
    entry.telling.push(telemetry.append(telemetry.encode(event)));
  }

  /** A handler that returned. */
  async complete(entry: Entry, run: RunFacts, runMs: number): Promise<Settled> {
    const { telemetry, state, teller, clock, job } = this.#parts;
    const { delivery } = entry;
    const event = teller.ofRun(delivery, 'job.completed', run, clock.nowMs(), { runMs });
    const record = telemetry.encode(event);
    const answer = await state.complete({
      ...delivery.claim,
      jobId: delivery.job.id,
      fence: run.fence,
      origin: delivery.origin,
      event: packEvent(record),
      doneTtlMs: job.doneTtlMs,
    });
    if (answer === 'fenced') return 'ask-again';
    telemetry.observe(event);
    entry.telling.push(telemetry.append(record));
    await allTold(entry);
    await state.told(delivery.claim);
    return 'settle';
  }

  /** Stores a decision and carries it out, unless another copy, or another run, has gone before. */
  async decide(entry: Entry, decision: Decision, fence?: number): Promise<Settled> {
    const answer = await this.#parts.state.decide({
      ...identityOf(entry),
      origin: entry.delivery.origin,
      decision: encodeDecision(decision),
      ttlMs: DECISION_TTL_MS,
      ...(fence === undefined ? {} : { fence }),
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

  /** Carries a decision out; also one that an earlier delivery of this copy has made. */
  async carryOut(entry: Entry, decision: Decision): Promise<Settled> {
    await this.#parts.writer.write(entry.delivery, decision);
    for (const event of decision.events) this.tell(entry, event);
    await allTold(entry);
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

  /** A finished job: its event is published first if the mark still holds it, then the duplicate is told. */
  async duplicate(entry: Entry, answer: ClaimAnswer & { kind: 'done' }): Promise<Settled> {
    const { telemetry, state } = this.#parts;
    if (answer.event !== undefined) {
      await telemetry.append(unpackEvent(answer.event));
      await state.told(entry.delivery.claim);
    }
    this.#skip(entry, answer.origin, 'duplicate');
    await allTold(entry);
    return 'settle';
  }

  #skip(entry: Entry, origin: string, reason: 'duplicate' | 'superseded'): void {
    const { delivery } = entry;
    if (origin === delivery.origin) return;
    const atMs = this.#parts.clock.nowMs();
    this.tell(entry, this.#parts.teller.of(delivery, 'job.skipped', delivery.position, atMs, { reason }));
  }
}

const allTold = async (entry: Entry): Promise<void> => {
  await Promise.all(entry.telling);
};

const identityOf = ({ delivery }: Entry) => ({
  ...delivery.claim,
  jobId: delivery.job.id,
  hop: delivery.job.hop,
  position: delivery.position,
});
