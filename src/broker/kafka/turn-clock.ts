import type { Clock } from '../../core/clock.ts';

/**
 * The time, looked at once a turn of the event loop, in which hundreds of records may be handed over. Behind by as long
 * as the turn takes.
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
