import type { Clock } from '../core/clock.ts';
import { type Link, Ring } from './scheduling/ring.ts';

/** Something that must end within a time that is the same for all of its kind. */
export interface Timed<T> extends Link<T> {
  /** Epoch ms. */
  readonly startedMs: number;
  timeOut(): void;
}

/** Ends what runs too long: one timer for all, since who began first is due first. */
export class Deadlines<T extends Timed<T>> {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #running = new Ring<T>();
  /** What had its time and has not ended yet. */
  readonly #late = new Set<T>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  add(timed: T): void {
    this.#running.append(timed);
    if (this.#cancel === undefined) this.#arm(this.#timeoutMs);
  }

  delete(timed: T): void {
    this.#running.remove(timed);
    if (this.#late.size > 0) this.#late.delete(timed);
  }

  /** All that have not ended. */
  all(): readonly T[] {
    return [...this.#late, ...this.#running.all()];
  }

  close(): void {
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
    for (let timed = this.#running.head; timed !== undefined; timed = this.#running.head) {
      const leftMs = timed.startedMs + this.#timeoutMs - nowMs;
      if (leftMs > 0) {
        this.#arm(leftMs);
        return;
      }
      this.#running.remove(timed);
      this.#late.add(timed);
      timed.timeOut();
    }
  }
}
