import type { Clock } from '../core/clock.ts';

/** Records that may start: with so many understood, understanding more would only fill the memory. */
const ENOUGH = 256;
/** With so few left, more are understood at once. */
const FEW = 128;
const PACE_MS = 50;

/**
 * How far ahead records are understood. What is understood is many objects: a window full of them costs more in
 * garbage collection than all the work on them. So while jobs are short, only as many are understood as start soon;
 * while they are long, the rest of the window follows at a leisurely pace, and tenants and priorities are dealt with
 * over all of it.
 */
export class Appetite {
  readonly #clock: Clock;
  readonly #startable: () => number;
  #waiting: (() => void)[] = [];
  #cancelPace: () => void = () => undefined;
  #closed = false;

  /** `startable`: how many entries are understood and may start. */
  constructor(clock: Clock, startable: () => number) {
    this.#clock = clock;
    this.#startable = startable;
  }

  /** Whether more is wanted at once. */
  get hungry(): boolean {
    return this.#startable() < ENOUGH;
  }

  /** Resolves when more is wanted, or when it is time for a few more anyway. */
  next(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      if (this.#waiting.length === 0) this.#cancelPace = this.#clock.after(PACE_MS, () => this.#wakeAll());
      this.#waiting.push(resolve);
    });
  }

  /** Entries have been started. */
  started(): void {
    if (this.#waiting.length > 0 && this.#startable() < FEW) this.#wakeAll();
  }

  /** Nothing waits any more. */
  close(): void {
    this.#closed = true;
    this.#wakeAll();
  }

  #wakeAll(): void {
    this.#cancelPace();
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
