import type { Clock } from '../../core/clock.ts';
import { EsteiraError } from '../../core/errors.ts';
import { partitionForKey } from '../../core/murmur2.ts';
import type { OutgoingRecord, TopicPartition } from '../../core/record.ts';
import { brokerError } from './errors.ts';
import type { PartitionCollector, Pending } from './partition-collector.ts';
import { ownRecord } from './record-body.ts';

/** How lanes are wired. */
export interface LanesWiring {
  readonly clock: Clock;
  partitions(): Promise<readonly number[]>;
  /** Lets the next look go to Kafka, whatever was found before. */
  forget(): void;
  createCollector(at: TopicPartition, onDeparture: () => void): PartitionCollector;
  /** How long the topic may be unknown before its records fail, ms. */
  readonly unknownTopicGraceMs: number;
  isClosed(): boolean;
}

/** A record that came before the number of partitions was known. */
interface Early {
  readonly record: OutgoingRecord;
  readonly timestampMs: number;
  readonly pending: Pending;
}

const LOOK_UP_AGAIN_MS = 200;
/** A partition that is not there is looked for anew when the last look is older than this, ms. */
const ASK_AGAIN_MS = 5_000;
/** How old the number of partitions may grow before it is looked up in the background, ms. */
const REFRESH_MS = 300_000;

const unknownPartition = (at: TopicPartition, partitions: number): EsteiraError =>
  new EsteiraError('ESTEIRA_TOPICS_DIFFER', `The topic has no partition ${at.partition}.`, {
    facts: { ...at, partitions },
  });

/** The partitions of one topic as a producer sees them; they are looked up at the first record, and now and then. */
export class TopicLanes {
  readonly #topic: string;
  readonly #wiring: LanesWiring;
  readonly #collectors: (PartitionCollector | undefined)[] = [];
  /** What waits for the number of partitions, in its order. */
  #early: Early[] = [];
  #count: number | undefined;
  #askedAtMs = 0;
  #isAsking = false;
  #keyless = 0;

  constructor(topic: string, wiring: LanesWiring) {
    this.#topic = topic;
    this.#wiring = wiring;
  }

  /** Queues a record on its partition; its buffers are the caller's again afterwards. `nowMs` is the time. */
  add(record: OutgoingRecord, timestampMs: number, pending: Pending, nowMs: number): void {
    const count = this.#countFor(record.partition, nowMs);
    if (count !== undefined) this.#route(record, timestampMs, pending, count);
    else {
      this.#early.push({ record: ownRecord(record), timestampMs, pending });
      this.#ask();
    }
  }

  /** Fails everything that is not in flight, and ends the wait of the callers of what is. */
  fail(error: EsteiraError): void {
    this.#failEarly(error);
    for (const collector of this.#collectors) collector?.fail(error);
  }

  /** The number of partitions, unless it has to be asked for first: partitions may have been added. */
  #countFor(partition: number | undefined, nowMs: number): number | undefined {
    const count = this.#count;
    const ageMs = nowMs - this.#askedAtMs;
    if (count !== undefined && partition !== undefined && partition >= count && ageMs > ASK_AGAIN_MS) {
      this.#wiring.forget();
      return undefined;
    }
    if (count !== undefined && ageMs > REFRESH_MS) this.#ask();
    return count;
  }

  #ask(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    void this.#askUntilKnown(this.#wiring.clock.nowMs());
  }

  async #askUntilKnown(startedAtMs: number): Promise<void> {
    while (!this.#wiring.isClosed()) {
      try {
        return this.#learn((await this.#wiring.partitions()).length);
      } catch (error) {
        const facts = { topic: this.#topic };
        const known = brokerError(`Cannot find topic ${this.#topic}`, error, { facts });
        if (this.#isFinal(known, startedAtMs)) return this.#giveUp(known);
      }
      await this.#wait();
    }
  }

  /** Asking ends before anybody hears of it: who tries again at once must be able to ask again. */
  #endAsking(): void {
    this.#isAsking = false;
    this.#askedAtMs = this.#wiring.clock.nowMs();
  }

  #learn(found: number): void {
    this.#endAsking();
    const count = Math.max(found, this.#count ?? 0);
    this.#count = count;
    for (const { record, timestampMs, pending } of this.#takeEarly())
      this.#route(record, timestampMs, pending, count);
  }

  #giveUp(error: EsteiraError): void {
    this.#endAsking();
    this.#failEarly(error);
  }

  #isFinal(error: EsteiraError, startedAtMs: number): boolean {
    if (error.code === 'ESTEIRA_BROKER_REFUSED') return true;
    const waitedMs = this.#wiring.clock.nowMs() - startedAtMs;
    return error.code === 'ESTEIRA_TOPICS_DIFFER' && waitedMs >= this.#wiring.unknownTopicGraceMs;
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wiring.clock.after(LOOK_UP_AGAIN_MS, resolve);
    });
  }

  #failEarly(error: EsteiraError): void {
    for (const { pending } of this.#takeEarly()) pending.failed(error);
  }

  #takeEarly(): readonly Early[] {
    const taken = this.#early;
    this.#early = [];
    return taken;
  }

  #route(record: OutgoingRecord, timestampMs: number, pending: Pending, count: number): void {
    const partition = this.#choose(record, count);
    if (partition >= 0 && partition < count) this.#collectorOf(partition).add(record, timestampMs, pending);
    // Not at once: the caller has not its call behind it yet.
    else setImmediate(() => pending.failed(unknownPartition({ topic: this.#topic, partition }, count)));
  }

  #choose(record: OutgoingRecord, count: number): number {
    if (record.partition !== undefined) return record.partition;
    const key = record.partitionKey ?? record.key;
    return key === null ? this.#keyless : partitionForKey(key, count);
  }

  #collectorOf(partition: number): PartitionCollector {
    const known = this.#collectors[partition];
    if (known !== undefined) return known;
    const at = { topic: this.#topic, partition };
    const collector = this.#wiring.createCollector(at, () => this.#departed(partition));
    this.#collectors[partition] = collector;
    return collector;
  }

  /** Records without a key share a partition until its batch leaves, then go to the next. */
  #departed(partition: number): void {
    if (this.#keyless === partition) this.#keyless = (partition + 1) % (this.#count ?? 1);
  }
}
