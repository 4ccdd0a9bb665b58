import type { Clock } from '../../core/clock.ts';

/** What this process knows of a lock: an entry here has it or asks for it, or another process has it until then. */
type Holding = { readonly by: object } | { readonly untilMs: number };

/** What this process knows of locks, so that what cannot have one does not ask for it, and gets it as soon as it is free. */
export class LocalLocks {
  readonly #clock: Clock;
  readonly #longestMs: number;
  readonly #known = new Map<string, Holding>();
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Who waits looks again after `longestMs` at the latest: other processes do not say when they are done. */
  constructor(clock: Clock, longestMs: number) {
    this.#clock = clock;
    this.#longestMs = longestMs;
  }

  /** Whether `by` may ask for a lock; from then on nobody else here may, until it is `free`, or held elsewhere. */
  claim(name: string, by: object): boolean {
    const known = this.#known.get(name);
    if (known !== undefined && ('by' in known ? known.by !== by : known.untilMs > this.#clock.nowMs()))
      return false;
    this.#known.set(name, { by });
    return true;
  }

  /** Another process has it for as long as that. */
  heldElsewhere(name: string, leftMs: number): void {
    this.#known.set(name, { untilMs: this.#clock.nowMs() + this.#waitMs(leftMs) });
  }

  /** `by` has it no more: who waits first may ask. */
  free(name: string, by: object): void {
    const known = this.#known.get(name);
    if (known === undefined || !('by' in known) || known.by !== by) return;
    this.#known.delete(name);
    const [first] = this.#waiting.get(name) ?? [];
    first?.();
  }

  /** Calls back once, when the lock may be free. */
  whenFree(name: string, callback: () => void): void {
    const waiting = this.#waiting.get(name) ?? new Set();
    this.#waiting.set(name, waiting);
    const wake = (): void => {
      cancel();
      waiting.delete(wake);
      if (waiting.size === 0 && this.#waiting.get(name) === waiting) this.#waiting.delete(name);
      this.#forgetPast(name);
      callback();
    };
    const cancel = this.#clock.after(this.#leftMs(name), wake);
    waiting.add(wake);
  }

  #leftMs(name: string): number {
    const known = this.#known.get(name);
    if (known === undefined) return 0;
    return 'by' in known ? this.#longestMs : Math.max(0, known.untilMs - this.#clock.nowMs());
  }

  #waitMs(leftMs: number): number {
    return Math.min(Math.max(leftMs, SHORTEST_WAIT_MS), this.#longestMs);
  }

  #forgetPast(name: string): void {
    const known = this.#known.get(name);
    if (known !== undefined && 'untilMs' in known && known.untilMs <= this.#clock.nowMs())
      this.#known.delete(name);
  }
}

/** Clocks differ by a little; asking in a tight loop would not make it free. */
const SHORTEST_WAIT_MS = 10;
