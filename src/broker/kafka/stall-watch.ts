import type { Clock } from '../../core/clock.ts';

const LOOK_EVERY_MS = 5_000;

/** Notices when a client that should be busy shows no sign of life any more. */
export class StallWatch {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #onStall: () => void;
  #lastSignMs: number;
  #cancel: () => void = () => undefined;

  /** @param limitMs the longest silence that is still in order. */
  constructor(clock: Clock, limitMs: number, onStall: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#onStall = onStall;
    this.#lastSignMs = clock.nowMs();
  }

  /** Begins to watch. */
  start(): void {
    this.sign();
    this.#look();
  }

  /** Something happened. */
  readonly sign = (): void => {
    this.#lastSignMs = this.#clock.nowMs();
  };

  /** Ends the watch. */
  stop(): void {
    this.#cancel();
  }

  #look(): void {
    this.#cancel = this.#clock.after(LOOK_EVERY_MS, () => {
      if (this.#clock.nowMs() - this.#lastSignMs > this.#limitMs) this.#onStall();
      else this.#look();
    });
  }
}
