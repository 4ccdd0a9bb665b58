import type { Clock } from '../../core/clock.ts';

interface Waiting {
  readonly atMs: number;
  readonly callback: () => void;
}

/** Time that stands still until it is moved, so that a retry of tomorrow is seen today. */
export class VirtualClock implements Clock {
  #nowMs: number;
  readonly #waiting = new Set<Waiting>();

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const entry = { atMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#waiting.add(entry);
    return () => this.#waiting.delete(entry);
  }

  /** When the next callback is due, epoch ms; undefined when nobody waits. */
  nextMs(): number | undefined {
    let next: number | undefined;
    for (const { atMs } of this.#waiting) next = next === undefined ? atMs : Math.min(next, atMs);
    return next;
  }

  /** Moves time to `ms` and calls back everything that is due then, in the order in which it was asked for. */
  moveTo(ms: number): void {
    this.#nowMs = Math.max(this.#nowMs, ms);
    for (const entry of [...this.#waiting]) {
      if (entry.atMs <= this.#nowMs && this.#waiting.delete(entry)) entry.callback();
    }
  }
}
