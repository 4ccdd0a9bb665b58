import type { Clock } from '../../core/clock.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { TopicPartition } from '../../core/record.ts';
import { brokerError } from './errors.ts';
import { partitionOfKey } from './murmur2.ts';
import type { PartitionCollector, Pending } from './partition-collector.ts';

/** How lanes are wired. */
export interface LanesWiring {
  readonly clock: Clock;
  partitions(): Promise<readonly number[]>;
  createCollector(at: TopicPartition, onDeparture: () => void): PartitionCollector;
  /** How long the topic may be unknown before its records fail, ms. */
  readonly unknownTopicGraceMs: number;
  isClosed(): boolean;
}

/** What picks the partition of a record: itself, or a key, or neither. */
export interface Address {
  readonly partition: number | undefined;
  readonly key: Buffer | null;
}

const LOOK_UP_AGAIN_MS = 200;

const unknownPartition = (at: TopicPartition, partitions: number): EsteiraError =>
  new EsteiraError('ESTEIRA_TOPICS_DIFFER', `The topic has no partition ${at.partition}.`, {
    facts: { ...at, partitions },
  });

/** The partitions of one topic as a producer sees them; they are looked up at the first record. */
export class TopicLanes {
  readonly #topic: string;
  readonly #wiring: LanesWiring;
  readonly #collectors = new Map<number, PartitionCollector>();
  /** What came before the number of partitions was known, in its order. */
  #early: (readonly [Address, Pending])[] = [];
  #count: number | undefined;
  #keyless = 0;
  #isAsking = false;

  constructor(topic: string, wiring: LanesWiring) {
    this.#topic = topic;
    this.#wiring = wiring;
  }

  /** Queues a record on its partition. */
  add(to: Address, pending: Pending): void {
    if (this.#count !== undefined) this.#route(to, pending, this.#count);
    else {
      this.#early.push([to, pending]);
      this.#askOnce();
    }
  }

  #askOnce(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    void this.#ask().finally(() => {
      this.#isAsking = false;
    });
  }

  /** Fails everything that is not in flight. */
  fail(error: EsteiraError): void {
    for (const [, pending] of this.#takeEarly()) pending.failed(error);
    for (const collector of this.#collectors.values()) collector.fail(error);
  }

  async #ask(): Promise<void> {
    const startedAtMs = this.#wiring.clock.nowMs();
    while (this.#count === undefined && !this.#wiring.isClosed()) {
      try {
        this.#count = (await this.#wiring.partitions()).length;
      } catch (error) {
        const known = brokerError(`Cannot find topic ${this.#topic}`, error, {
          facts: { topic: this.#topic },
        });
        if (this.#isFinal(known, startedAtMs)) return this.fail(known);
        await this.#wait();
      }
    }
    const count = this.#count;
    if (count !== undefined) for (const [to, pending] of this.#takeEarly()) this.#route(to, pending, count);
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

  #takeEarly(): readonly (readonly [Address, Pending])[] {
    const taken = this.#early;
    this.#early = [];
    return taken;
  }

  #route(to: Address, pending: Pending, count: number): void {
    const partition = this.#choose(to, count);
    if (partition >= 0 && partition < count) this.#collectorOf(partition).add(pending);
    else pending.failed(unknownPartition({ topic: this.#topic, partition }, count));
  }

  #choose(to: Address, count: number): number {
    if (to.partition !== undefined) return to.partition;
    return to.key === null ? this.#keyless : partitionOfKey(to.key, count);
  }

  #collectorOf(partition: number): PartitionCollector {
    const known = this.#collectors.get(partition);
    if (known !== undefined) return known;
    const at = { topic: this.#topic, partition };
    const collector = this.#wiring.createCollector(at, () => this.#departed(partition));
    this.#collectors.set(partition, collector);
    return collector;
  }

  /** Records without a key share a partition until its batch leaves, then go to the next. */
  #departed(partition: number): void {
    if (this.#keyless === partition) this.#keyless = (partition + 1) % (this.#count ?? 1);
  }
}
