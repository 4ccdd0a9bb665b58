import type { Clock } from '../../../../src/core/clock.ts';

/** Turns of the event loop without a new timer after which nothing else can be going on. */
const QUIET_TURNS = 4;

/** A clock that jumps to the next timer whenever the process has nothing else to do: minutes pass in no time. */
export class JumpingClock implements Clock {
  #nowMs = Date.UTC(2026, 0, 1);
  #timers: { readonly atMs: number; readonly callback: () => void }[] = [];
  #isTicking = false;

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#timers.push(timer);
    if (!this.#isTicking) void this.#tick();
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  async #tick(): Promise<void> {
    this.#isTicking = true;
    while (this.#timers.length > 0) {
      for (let turn = 0; turn < QUIET_TURNS; turn++) await new Promise(setImmediate);
      const due = this.#timers.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((one) => one !== due);
      this.#nowMs = due.atMs;
      due.callback();
    }
    this.#isTicking = false;
  }
}
