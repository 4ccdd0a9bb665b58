import type { Clock } from '../../core/clock.ts';

/** What was not used for a moment may be made up for, as far as this, ms; so a slow step costs no rate. */
const MAKE_UP_MS = 1_000;
/** Waits are not cut finer than this, ms. */
const LEAST_WAIT_MS = 10;

/** Lets so many things a second begin, evenly, by the clock. */
export class StartPace {
  readonly #perMs: number;
  readonly #clock: Clock;
  /** How many may begin now; a fraction is one that is not yet whole. */
  #room = 0;
  #lookedAtMs: number | undefined;

  /** @param rate things a second; 0 for as many as may be */
  constructor(rate: number, clock: Clock) {
    this.#perMs = rate / 1_000;
    this.#clock = clock;
  }

  /** How many of `wanted` may begin now; they count as begun. */
  take(wanted: number): number {
    if (this.#perMs === 0) return wanted;
    const nowMs = this.#clock.nowMs();
    const passedMs = Math.max(0, nowMs - (this.#lookedAtMs ?? nowMs));
    this.#lookedAtMs = nowMs;
    this.#room = Math.min(this.#room + passedMs * this.#perMs, Math.max(1, MAKE_UP_MS * this.#perMs));
    const granted = Math.min(wanted, Math.floor(this.#room));
    this.#room -= granted;
    return granted;
  }

  /** Resolves when the next may begin, or a little later. */
  next(): Promise<void> {
    const missing = Math.max(0, 1 - this.#room);
    const waitMs = Math.max(LEAST_WAIT_MS, Math.ceil(missing / this.#perMs));
    return new Promise((resolve) => this.#clock.after(waitMs, resolve));
  }
}
