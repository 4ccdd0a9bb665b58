import type { Clock } from '../../core/clock.ts';
import { type ErrorCode, EsteiraError } from '../../core/errors.ts';
import type { BrokerLog } from '../../core/ports/log.ts';
import type { TopicPartition } from '../../core/record.ts';
import { NotSent, type ProducerIdentity, type ProduceTransport } from './produce-transport.ts';
import { type Verdict, verdictOfError, verdictOfRows } from './produce-verdict.ts';
import { type RecordBatch, stampBatch } from './record-batch.ts';

/** What became of a batch. */
export type WriteResult =
  /** `attempts` is 1 when nothing of the batch can be on its way any more. */
  | { readonly kind: 'written'; readonly baseOffset: bigint; readonly attempts: number }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'failed'; readonly error: EsteiraError };

/** Limits of a sender; times in ms. */
export interface SenderLimits {
  /** After this an attempt counts as hung, and the batch is sent again over new connections. */
  readonly attemptTimeoutMs: number;
  /** How long a topic may be unknown before its records fail. */
  readonly unknownTopicGraceMs: number;
  /** A fresh producer id is taken before a sequence number would pass this. */
  readonly sequenceLimit: number;
}

/** How a sender is wired. */
export interface SenderWiring {
  readonly transport: ProduceTransport;
  readonly clock: Clock;
  readonly log: BrokerLog;
  readonly limits: SenderLimits;
  /** The producer id all partitions start with. */
  readonly firstIdentity: () => Promise<ProducerIdentity>;
  /** True once the producer was closed: the sender stops between attempts. */
  readonly isClosed: () => boolean;
}

const FIRST_BACKOFF_MS = 20;
const LONGEST_BACKOFF_MS = 1_000;
/** Attempts after which the log says that a batch is not through yet. */
const PATIENT_ATTEMPTS = 3;

const HUNG: Verdict = { kind: 'again', why: 'no answer in time', maybeWritten: true, topicUnknown: false };

/** One batch on its way: its bytes are fixed, only its stamp may change. */
interface Flight {
  readonly encoded: Buffer;
  readonly count: number;
  maybeWritten: boolean;
  attempts: number;
}

/**
 * Writes the batches of one partition, one after the other: the loop that lost nothing in the fault runs. A batch
 * that is not confirmed is sent again unchanged, under the same producer id and sequence number, so that the broker
 * recognises it; nothing newer goes before it.
 */
export class GuardedSender {
  readonly #at: TopicPartition;
  readonly #wiring: SenderWiring;
  #identity: ProducerIdentity | undefined;
  #hadIdentity = false;
  #nextSequence = 0;
  #topicUnknownSinceMs: number | undefined;

  constructor(at: TopicPartition, wiring: SenderWiring) {
    this.#at = at;
    this.#wiring = wiring;
  }

  /** Resolves when the batch is in the log of all in-sync replicas, or never will be by this sender. */
  async write(batch: RecordBatch): Promise<WriteResult> {
    const flight: Flight = { encoded: batch.seal(), count: batch.count, maybeWritten: false, attempts: 0 };
    for (;;) {
      if (this.#wiring.isClosed()) return this.#giveUp(flight, 'ESTEIRA_CLOSED', 'the producer was closed');
      const settled = this.#settle(flight, await this.#attempt(flight));
      const result = settled instanceof Promise ? await settled : settled;
      if (result !== undefined) return result;
      flight.attempts++;
    }
  }

  async #attempt(flight: Flight): Promise<Verdict> {
    try {
      const identity = this.#identityFor(flight.count) ?? (await this.#newIdentity());
      stampBatch(flight.encoded, { ...identity, baseSequence: this.#nextSequence });
    } catch (cause) {
      return verdictOfError(new NotSent('no producer id', { cause }));
    }
    return this.#sendInTime(flight);
  }

  /** The identity so many records can be written under, unless a new one has to be asked for. */
  #identityFor(count: number): ProducerIdentity | undefined {
    if (this.#nextSequence + count > this.#wiring.limits.sequenceLimit) this.#forgetIdentity();
    return this.#identity;
  }

  async #newIdentity(): Promise<ProducerIdentity> {
    const { firstIdentity, transport } = this.#wiring;
    const identity = await (this.#hadIdentity ? transport.newProducerId() : firstIdentity());
    this.#identity = identity;
    this.#hadIdentity = true;
    return identity;
  }

  #forgetIdentity(): void {
    this.#identity = undefined;
    this.#nextSequence = 0;
  }

  /** One promise for both ends, as each costs: the answer, or the time-out. */
  #sendInTime(flight: Flight): Promise<Verdict> {
    const { clock, limits, transport } = this.#wiring;
    return new Promise((resolve) => {
      const cancel = clock.after(limits.attemptTimeoutMs, () => {
        transport.reconnect();
        resolve(HUNG);
      });
      const end = (verdict: Verdict): void => {
        cancel();
        resolve(verdict);
      };
      transport.send(this.#at, flight.encoded).then(
        (rows) => end(verdictOfRows(this.#at, rows)),
        (error: unknown) => end(verdictOfError(error)),
      );
    });
  }

  /** A result ends the flight; undefined sends it again. */
  #settle(flight: Flight, verdict: Verdict): WriteResult | Promise<WriteResult | undefined> {
    switch (verdict.kind) {
      case 'written':
        this.#nextSequence += flight.count;
        this.#topicUnknownSinceMs = undefined;
        return { ...verdict, attempts: flight.attempts + 1 };
      case 'again':
        return this.#tryOn(flight, verdict);
      case 'new-identity':
        return this.#renew(flight, verdict.why);
      case 'too-large':
        if (flight.maybeWritten) this.#forgetIdentity();
        return verdict;
      case 'refused':
        return this.#giveUp(flight, verdict.code, verdict.why);
    }
  }

  async #tryOn(flight: Flight, verdict: Verdict & { kind: 'again' }): Promise<WriteResult | undefined> {
    flight.maybeWritten ||= verdict.maybeWritten;
    if (verdict.topicUnknown && this.#topicStaysUnknown())
      return this.#giveUp(flight, 'ESTEIRA_TOPICS_DIFFER', verdict.why);
    this.#wiring.transport.forget(this.#at.topic);
    if (flight.attempts === PATIENT_ATTEMPTS)
      this.#warn('batch not confirmed yet, trying on', flight, verdict.why);
    await this.#backOff(flight.attempts);
    return undefined;
  }

  async #renew(flight: Flight, why: string): Promise<undefined> {
    this.#warn('producer id renewed', flight, why);
    this.#forgetIdentity();
    await this.#backOff(flight.attempts);
  }

  #topicStaysUnknown(): boolean {
    const { clock, limits } = this.#wiring;
    this.#topicUnknownSinceMs ??= clock.nowMs();
    return clock.nowMs() - this.#topicUnknownSinceMs >= limits.unknownTopicGraceMs;
  }

  #giveUp(flight: Flight, code: ErrorCode, why: string): WriteResult {
    const facts = { ...this.#at, records: flight.count, why };
    if (!flight.maybeWritten)
      return {
        kind: 'failed',
        error: new EsteiraError(code, `Kafka did not take the records: ${why}.`, { facts }),
      };
    // Other records under the same sequence would be taken for this batch and dropped by the broker.
    this.#forgetIdentity();
    const message = 'The records may have been written or not: publish them again under the same ids.';
    return { kind: 'failed', error: new EsteiraError('ESTEIRA_PUBLISH_UNKNOWN', message, { facts }) };
  }

  #backOff(attempts: number): Promise<void> {
    const delayMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempts, 10));
    return new Promise((resolve) => {
      this.#wiring.clock.after(delayMs, resolve);
    });
  }

  #warn(message: string, flight: Flight, why: string): void {
    const { count: records, maybeWritten, attempts } = flight;
    this.#wiring.log.warn(message, { ...this.#at, records, maybeWritten, attempts, why });
  }
}
