import type { JobHeaders } from '../core/envelope.ts';
import type { Delivery } from './delivery.ts';
import type { RunFacts } from './job-telling.ts';
import type { PartitionHome } from './partition-home.ts';
import type { Link } from './scheduling/ring.ts';

/** A run that can lose its right. */
export interface Revocable {
  /** Epoch ms. */
  readonly startedMs: number;
  revoke(why: 'claim-lost' | 'stopping' | 'cancelled'): void;
}

/** A delivery on its way through this process; there is one object a record, as there are tens of thousands a second. */
export class Entry implements Link<Entry> {
  /** Its neighbours among those whose leases are kept. */
  next: Entry | undefined = undefined;
  previous: Entry | undefined = undefined;
  delivery: Delivery;
  readonly home: PartitionHome;
  /** Epoch ms when it first met a claim of somebody else; undefined while it has not. */
  blockedSinceMs: number | undefined = undefined;
  /** The start it has the right to; undefined while it has none. */
  run: RunFacts | undefined = undefined;
  /** Its handler while it runs. */
  execution: Revocable | undefined = undefined;
  /** Epoch ms when the right was last asked for or renewed. */
  leasedAtMs = 0;
  /** What it takes up: one of the process's slots, or a place among the claims made ahead of one. */
  holds: 'nothing' | 'slot' | 'ahead' = 'nothing';
  /** Whether it was begun, and has not been settled or put back since. */
  underWay = false;
  /** Whether it found no slot when it came, and its queue would rather skip than wait. */
  foundFull = false;
  /** Whether it was settled while it stood in the queue. */
  dropped = false;
  /** Whether its offset is settled while it runs: a stand-in carries on where it does not come to an end. */
  detached = false;
  #untold = 0;
  #whenTold: ((entry: Entry) => void) | undefined = undefined;

  constructor(delivery: Delivery, home: PartitionHome) {
    this.delivery = delivery;
    this.home = home;
  }

  /** Whether everything told so far is durable. */
  get isTold(): boolean {
    return this.#untold === 0;
  }

  /** It runs on, and decides from now on as its stand-in would. */
  standFor({ hop }: JobHeaders): void {
    this.detached = true;
    this.delivery = { ...this.delivery, job: { ...this.delivery.job, hop } };
  }

  /** One more telemetry record must be durable before the record is settled. */
  telling(): void {
    this.#untold += 1;
  }

  /** One of them is. */
  told(): void {
    this.#untold -= 1;
    if (this.#untold > 0) return;
    const whenTold = this.#whenTold;
    this.#whenTold = undefined;
    whenTold?.(this);
  }

  /** Calls back once everything told so far is durable: at once when it is. */
  whenTold(callback: (entry: Entry) => void): void {
    if (this.#untold === 0) callback(this);
    else this.#whenTold = callback;
  }
}
