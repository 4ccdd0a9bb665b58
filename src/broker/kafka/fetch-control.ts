import type { Consumer } from 'kafkajs';
import type { Clock } from '../../core/clock.ts';
import type { BrokerLog } from '../../core/ports/log.ts';
import type { TopicPartition } from '../../core/record.ts';
import { brokerError } from './errors.ts';

const toKafka = (partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] =>
  partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] }));

/** How long after a pause another is to be expected, ms. */
const BUSY_FOR_MS = 2_000;
const BUSY_WAIT_MS = 20;
/** After so long without a record, ms, a fetch may wait longer: what comes ends its wait anyway. */
const RESTS_AFTER_MS = 10_000;
/** A stop and a rebalance wait for a fetch that is under way, ms. */
const RESTING_WAIT_MS = 1_000;

/**
 * Says what kafkajs fetches and from where. kafkajs throws while it is between two runs of the group; that is no
 * harm, as the next assignment sets everything anew.
 */
export class FetchControl {
  readonly #consumer: Consumer;
  readonly #isRunning: () => boolean;
  readonly #log: BrokerLog;
  readonly #clock: Clock;
  readonly #maxWaitMs: number;
  #pausedAtMs = Number.NEGATIVE_INFINITY;
  #recordsAtMs: number;

  constructor(
    consumer: Consumer,
    isRunning: () => boolean,
    wiring: { readonly clock: Clock; readonly log: BrokerLog; readonly maxWaitMs: number },
  ) {
    this.#consumer = consumer;
    this.#isRunning = isRunning;
    this.#log = wiring.log;
    this.#clock = wiring.clock;
    this.#maxWaitMs = wiring.maxWaitMs;
    this.#recordsAtMs = wiring.clock.nowMs();
  }

  /**
   * How long the next fetch may wait for data, ms. A partition that is resumed is not in a fetch that is under way, so
   * where partitions are paused and resumed all the time, a long wait would make the busiest one wait for the idle ones.
   */
  get waitMs(): number {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#pausedAtMs < BUSY_FOR_MS) return Math.min(BUSY_WAIT_MS, this.#maxWaitMs);
    const rests = nowMs - this.#recordsAtMs >= RESTS_AFTER_MS;
    return rests ? Math.max(RESTING_WAIT_MS, this.#maxWaitMs) : this.#maxWaitMs;
  }

  /** Records have come. */
  delivered(): void {
    this.#recordsAtMs = this.#clock.nowMs();
  }

  /** Fetches nothing of these partitions. */
  pause(partitions: readonly TopicPartition[]): void {
    this.#pausedAtMs = this.#clock.nowMs();
    this.#act(() => this.#consumer.pause(toKafka(partitions)));
  }

  /** Fetches these partitions again. */
  resume(partitions: readonly TopicPartition[]): void {
    this.#act(() => this.#consumer.resume(toKafka(partitions)));
  }

  /** Fetches the partition from this offset on; what is on its way from elsewhere is dropped. */
  seek({ topic, partition }: TopicPartition, offset: bigint): void {
    this.#act(() => this.#consumer.seek({ topic, partition, offset: String(offset) }));
  }

  #act(act: () => void): void {
    if (!this.#isRunning()) return;
    try {
      act();
    } catch (error) {
      this.#log.info('the group is between two runs', brokerError('Cannot direct the fetch', error).facts);
    }
  }
}
