import type { Clock } from '../../core/clock.ts';

/** Why nothing starts: no slot, no start, or the store of the limits is out of reach. */
export type ShutReason = 'slots' | 'starts' | 'outage';

export interface ShutterParts {
  readonly clock: Clock;
  /** Starts no more. */
  readonly hold: () => void;
  /** Starts again, as far as there is something to start. */
  readonly allow: () => void;
}

/** Stops starts while there is a reason to, and asks for them again in time. */
export class Shutter {
  readonly #parts: ShutterParts;
  readonly #reasons = new Map<ShutReason, () => void>();

  constructor(parts: ShutterParts) {
    this.#parts = parts;
  }

  get isShut(): boolean {
    return this.#reasons.size > 0;
  }

  /** Shuts for a reason, until `open` or for `delayMs`; default until `open`. */
  shut(why: ShutReason, delayMs?: number): void {
    const isFirst = this.#reasons.size === 0;
    this.#reasons.get(why)?.();
    const cancel =
      delayMs === undefined
        ? () => undefined
        : this.#parts.clock.after(Math.max(1, delayMs), () => this.open(why));
    this.#reasons.set(why, cancel);
    if (isFirst) this.#parts.hold();
  }

  /** Takes a reason away. */
  open(why: ShutReason): void {
    const cancel = this.#reasons.get(why);
    if (cancel === undefined) return;
    cancel();
    this.#reasons.delete(why);
    if (this.#reasons.size === 0) this.#parts.allow();
  }

  /** Ends its timers; it stays as it is. */
  close(): void {
    for (const cancel of this.#reasons.values()) cancel();
  }
}
