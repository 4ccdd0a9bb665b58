import type { Clock } from '../core/clock.ts';

/** Something that must end within a time that is the same for all of its kind. */
export interface Timed {
  /** Epoch ms. */
  readonly startedMs: number;
  timeOut(): void;
}

/** Ends what runs too long: one timer for all, since who began first is due first. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #running = new Set<Timed>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  add(timed: Timed): void {
    this.#running.add(timed);
    if (this.#cancel === undefined) this.#arm(this.#timeoutMs);
  }

  delete(timed: Timed): void {
    this.#running.delete(timed);
  }

  close(): void {
    this.#running.clear();
    this.#cancel?.();
  }

  #arm(delayMs: number): void {
    this.#cancel = this.#clock.after(delayMs, () => {
      this.#cancel = undefined;
      this.#look();
    });
  }

  #look(): void {
    const nowMs = this.#clock.nowMs();
    for (const timed of this.#running) {
      const leftMs = timed.startedMs + this.#timeoutMs - nowMs;
      if (leftMs > 0) {
        this.#arm(leftMs);
        return;
      }
      this.#running.delete(timed);
      timed.timeOut();
    }
  }
}
