import type { Clock } from '../core/clock.ts';
import type { Entry } from './entry.ts';
import { Ring } from './scheduling/ring.ts';
import type { StateClient } from './state-client.ts';

/** A claim is looked at twice in a heartbeat, so that none is renewed later than a heartbeat after the last time. */
const LOOKS_PER_HEARTBEAT = 2;

export interface LeaseKeeperParts {
  readonly state: StateClient;
  readonly clock: Clock;
  readonly leaseMs: number;
  /** How often a claim is renewed, ms. */
  readonly heartbeatMs: number;
  /** Called once when a claim turns out to be another's. */
  readonly onGone: (entry: Entry) => void;
  /** Called at each look, with how long the last one is past, ms. */
  readonly onLook: (pastMs: number) => void;
  readonly onError: (error: unknown) => void;
}

/** Renews the claims of a worker: one timer and one call for all of them. */
export class LeaseKeeper {
  readonly #parts: LeaseKeeperParts;
  readonly #kept = new Ring<Entry>();
  readonly #lookEveryMs: number;
  #cancel: (() => void) | undefined;
  #isRenewing = false;
  #closed = false;

  constructor(parts: LeaseKeeperParts) {
    this.#parts = parts;
    this.#lookEveryMs = parts.heartbeatMs / LOOKS_PER_HEARTBEAT;
  }

  /** Keeps the claim of an entry from now on, counted from when it was asked for. */
  keep(entry: Entry): void {
    this.#kept.remove(entry);
    this.#kept.append(entry);
    if (this.#cancel === undefined) this.#arm();
  }

  /** Lets it go. */
  drop(entry: Entry): void {
    this.#kept.remove(entry);
  }

  close(): void {
    this.#closed = true;
    for (const entry of this.#kept.all()) this.#kept.remove(entry);
    this.#cancel?.();
  }

  #arm(): void {
    if (this.#closed) return;
    this.#cancel = this.#parts.clock.after(this.#lookEveryMs, () => {
      this.#cancel = undefined;
      this.#parts.onLook(this.#lookEveryMs);
      this.#renewDue();
      if (this.#kept.head !== undefined) this.#arm();
    });
  }

  #renewDue(): void {
    if (this.#isRenewing) return;
    const dueMs = this.#parts.clock.nowMs() - this.#lookEveryMs;
    const due = this.#kept.all().filter(({ leasedAtMs }) => leasedAtMs <= dueMs);
    if (due.length === 0) return;
    this.#isRenewing = true;
    this.#renew(due)
      .catch(this.#parts.onError)
      .finally(() => {
        this.#isRenewing = false;
      });
  }

  async #renew(entries: readonly Entry[]): Promise<void> {
    const { state, clock, leaseMs, onGone } = this.#parts;
    const askedMs = clock.nowMs();
    const answers = await state.renewAll(
      entries.map(({ delivery: { claim }, run }) => ({ ...claim, fence: run?.fence ?? 0, leaseMs })),
    );
    entries.forEach((entry, index) => {
      if (entry.next === undefined) return;
      if (answers[index] === 'gone') {
        this.#kept.remove(entry);
        // Once its run has ended it is gone for good reason: the job is done or decided about, and only to be told.
        if (entry.holds !== 'nothing') state.lost(entry.run?.fence ?? 0);
        onGone(entry);
      } else entry.leasedAtMs = askedMs;
    });
  }
}
