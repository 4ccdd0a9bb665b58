import type { Clock } from '../../core/clock.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { TopicPartition } from '../../core/record.ts';
import { brokerError } from './errors.ts';
import { partitionOfHash } from './murmur2.ts';
import type { PartitionCollector, Pending } from './partition-collector.ts';

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

/** What picks the partition of a record: itself, or a key, or neither. */
export interface Address {
  readonly partition: number | undefined;
  /** The hash of the key that picks the partition. */
  readonly keyHash: number | undefined;
}

/** A record on its way to its partition. */
type Addressed = Pending & Address;

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
  #early: Addressed[] = [];
  #count: number | undefined;
  #askedAtMs = 0;
  #isAsking = false;
  #keyless = 0;

  constructor(topic: string, wiring: LanesWiring) {
    this.#topic = topic;
    this.#wiring = wiring;
  }

  /** Queues a record on its partition. `nowMs` is the time. */
  add(record: Addressed, nowMs: number): void {
    const count = this.#countFor(record, nowMs);
    if (count !== undefined) this.#route(record, count);
    else {
      this.#early.push(record);
      this.#ask();
    }
  }

  /** Fails everything that is not in flight, and ends the wait of the callers of what is. */
  fail(error: EsteiraError): void {
    this.#failEarly(error);
    for (const collector of this.#collectors) collector?.fail(error);
  }

  /** The number of partitions, unless it has to be asked for first: partitions may have been added. */
  #countFor({ partition }: Addressed, nowMs: number): number | undefined {
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
    for (const record of this.#takeEarly()) this.#route(record, count);
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
    for (const record of this.#takeEarly()) record.failed(error);
  }

  #takeEarly(): readonly Addressed[] {
    const taken = this.#early;
    this.#early = [];
    return taken;
  }

  #route(record: Addressed, count: number): void {
    const partition = this.#choose(record, count);
    if (partition >= 0 && partition < count) this.#collectorOf(partition).add(record);
    // Not at once: the caller has not its call behind it yet.
    else setImmediate(() => record.failed(unknownPartition({ topic: this.#topic, partition }, count)));
  }

  #choose({ partition, keyHash }: Address, count: number): number {
    return partition ?? (keyHash === undefined ? this.#keyless : partitionOfHash(keyHash, count));
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
