import type { Clock } from '../../core/clock.ts';

/**
 * The time, looked at once a turn of the event loop: a look costs as much as all else that is done to hand a record over,
 * and hundreds are handed over in a turn. Behind by as long as the turn takes.
 */
export class TurnClock {
  readonly #clock: Clock;
  #nowMs: number | undefined;
  readonly #forget = (): void => {
    this.#nowMs = undefined;
  };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Epoch milliseconds. */
  nowMs(): number {
    if (this.#nowMs !== undefined) return this.#nowMs;
    setImmediate(this.#forget);
    this.#nowMs = this.#clock.nowMs();
    return this.#nowMs;
  }
}
