import type { Clock } from '../../core/clock.ts';

/** A value and when it is gone, epoch ms. */
interface Entry<V> {
  readonly value: V;
  readonly goneMs: number;
}

/** Below this many entries a sweep is not worth its time. */
const SMALLEST_SWEEP = 1024;

/** A map whose entries are gone after their lifetime; what nobody asks for again is swept out as the map grows. */
export class ExpiringMap<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #clock: Clock;
  #sweepAt = SMALLEST_SWEEP;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The living value, else undefined. */
  get(key: string): V | undefined {
    return this.#living(key)?.value;
  }

  /** Keeps a value for `lifetimeMs`. */
  set(key: string, value: V, lifetimeMs: number): void {
    this.#entries.set(key, { value, goneMs: this.#clock.nowMs() + lifetimeMs });
    if (this.#entries.size >= this.#sweepAt) this.#sweep();
  }

  /** Changes a living value and leaves its lifetime as it is. */
  replace(key: string, value: V): void {
    const entry = this.#living(key);
    if (entry !== undefined) this.#entries.set(key, { value, goneMs: entry.goneMs });
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** All living values. */
  living(): readonly V[] {
    return [...this.#entries.keys()].flatMap((key) => {
      const entry = this.#living(key);
      return entry === undefined ? [] : [entry.value];
    });
  }

  /** Entries held, the expired ones that were not swept yet included. */
  get size(): number {
    return this.#entries.size;
  }

  #living(key: string): Entry<V> | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.goneMs > this.#clock.nowMs() ? entry : undefined;
  }

  /** Doubling keeps the cost of sweeping constant per entry. */
  #sweep(): void {
    const nowMs = this.#clock.nowMs();
    for (const [key, entry] of this.#entries) if (entry.goneMs <= nowMs) this.#entries.delete(key);
    this.#sweepAt = Math.max(SMALLEST_SWEEP, this.#entries.size * 2);
  }
}
