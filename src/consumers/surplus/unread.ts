import type { Clock } from '../../core/clock.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import type { Log } from '../../core/ports/log.ts';
import type { ConsumedRecord } from '../../core/record.ts';
import { factsOf } from '../backoff.ts';
import type { PartitionHome } from '../partition-home.ts';

export interface UnreadParts {
  readonly home: PartitionHome;
  readonly admin: Pick<BrokerAdmin, 'read' | 'offsetRanges'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Whose a record is, as it says itself; undefined when it is nothing to the job type. */
  readonly tenantOf: (record: ConsumedRecord) => string | undefined;
}

/** What came meanwhile is looked at so often, ms. */
const LOOK_EVERY_MS = 500;
/** After a look that failed, ms. */
const BLIND_FOR_MS = 30_000;

/**
 * Looks who stands among what lies unread in a partition, beyond its window. Only whose each record is gets read, up to
 * the first of somebody else, and nothing twice: it costs a small part of what moving costs, which is worth nothing to a
 * tenant that is alone.
 */
export class Unread {
  readonly #parts: UnreadParts;
  /** Up to here nobody but `#known` was found. */
  #lookedTo = 0n;
  #known: ReadonlySet<string> = new Set();
  /** The first record of somebody else. */
  #otherAt: bigint | undefined;
  #isLooking = false;
  #nextLookMs = 0;
  #blindUntilMs = 0;

  constructor(parts: UnreadParts) {
    this.#parts = parts;
  }

  /** Whether anybody but these tenants was found there by now; true where that cannot be found out. */
  hasOthers(than: ReadonlySet<string>): boolean {
    const { home, clock, log } = this.#parts;
    const nowMs = clock.nowMs();
    if (nowMs < this.#blindUntilMs) return true;
    const from = home.unreadFrom;
    if (this.#otherAt !== undefined && this.#otherAt < from) this.#otherAt = undefined;
    if (![...this.#known].every((tenant) => than.has(tenant))) this.#lookedTo = from;
    if (this.#otherAt !== undefined) return true;
    if (this.#isLooking || nowMs < this.#nextLookMs) return false;
    this.#known = than;
    this.#isLooking = true;
    this.#look(from > this.#lookedTo ? from : this.#lookedTo)
      .catch((error: unknown) => {
        this.#blindUntilMs = clock.nowMs() + BLIND_FOR_MS;
        log.warn('who stands behind a flood could not be looked up: it is moved aside all the same', {
          ...{ topic: home.at.topic, partition: home.at.partition },
          ...factsOf(error),
        });
      })
      .finally(() => {
        this.#isLooking = false;
        this.#nextLookMs = clock.nowMs() + LOOK_EVERY_MS;
      });
    return false;
  }

  async #look(from: bigint): Promise<void> {
    const { home, admin, tenantOf } = this.#parts;
    const { at } = home;
    const range = (await admin.offsetRanges(at.topic)).find(({ partition }) => partition === at.partition);
    const to = range?.high ?? from;
    if (to <= from) return;
    await admin.read({ ...at, from, to }, (record) => {
      const tenant = tenantOf(record);
      if (tenant === undefined || this.#known.has(tenant)) return home.alive;
      this.#otherAt = record.offset;
      return false;
    });
    if (home.alive) this.#lookedTo = this.#otherAt ?? to;
  }
}
