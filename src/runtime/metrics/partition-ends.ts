import { factsOf } from '../../consumers/backoff.ts';
import type { PartitionFacts } from '../../consumers/worker-facts.ts';
import type { Clock } from '../../core/clock.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import type { Log } from '../../core/ports/log.ts';
import { partitionKey } from '../../core/record.ts';

export interface PartitionEndsParts {
  readonly admin: Pick<BrokerAdmin, 'offsetRanges'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How often the end of a topic is asked for, ms. */
const ASK_EVERY_MS = 15_000;

/**
 * Where partitions end. What is being fetched tells that by itself; a partition whose window is full does not, so that
 * the broker is asked: once a topic in 15 s, one topic after the other, and nobody waits for the answer.
 */
export class PartitionEnds {
  readonly #parts: PartitionEndsParts;
  readonly #asked = new Map<string, bigint>();
  readonly #askedAtMs = new Map<string, number>();
  #asking = false;

  constructor(parts: PartitionEndsParts) {
    this.#parts = parts;
  }

  /** How many records of a partition are not settled, as far as is known. */
  lagOf(facts: PartitionFacts): number {
    const asked = this.#asked.get(partitionKey(facts)) ?? 0n;
    const end = asked > facts.end ? asked : facts.end;
    return Number(end - facts.next);
  }

  /** Asks for what is not fetched now, in the background. */
  look(partitions: readonly PartitionFacts[]): void {
    if (this.#asking) return;
    const nowMs = this.#parts.clock.nowMs();
    const isDue = (topic: string): boolean => nowMs - (this.#askedAtMs.get(topic) ?? 0) >= ASK_EVERY_MS;
    const topics = new Set(partitions.filter(({ isPaused }) => isPaused).map(({ topic }) => topic));
    const due = [...topics].filter(isDue);
    if (due.length === 0) return;
    this.#asking = true;
    void this.#ask(due).finally(() => {
      this.#asking = false;
    });
  }

  async #ask(topics: readonly string[]): Promise<void> {
    const { admin, clock, log } = this.#parts;
    for (const topic of topics) {
      this.#askedAtMs.set(topic, clock.nowMs());
      try {
        for (const range of await admin.offsetRanges(topic)) this.#asked.set(partitionKey(range), range.high);
      } catch (error) {
        log.debug('metrics: the end of a topic is not known for now', { topic, ...factsOf(error) });
      }
    }
  }
}
