import { z } from 'zod';

/** What became of the work of a run; all but `total` must be 0. */
export const EffectReport = z.object({
  total: z.number(),
  missing: z.number(),
  repeated: z.number(),
  /** Effects of a key that came after a later one's, where order is promised. */
  disordered: z.number(),
});
export type EffectReport = z.infer<typeof EffectReport>;

/** Counts the effect of each piece of work. Cheap: one byte a piece, no text, no promise. */
export class EffectCounter {
  readonly #counts: Uint8Array;
  readonly #lastOfKey: Map<string, number> | undefined;
  readonly #watched = new Map<number, (() => void)[]>();
  #distinct = 0;
  #repeated = 0;
  #disordered = 0;

  /** `capacity`: pieces of work at most; `ordered`: whether the effects of a key must come in order of index. */
  constructor(capacity: number, ordered: boolean) {
    this.#counts = new Uint8Array(capacity);
    this.#lastOfKey = ordered ? new Map() : undefined;
  }

  /** Pieces of work that took effect. */
  get distinct(): number {
    return this.#distinct;
  }

  /** Effects by piece of work, 255 at most. */
  get counts(): Uint8Array {
    return this.#counts;
  }

  add(index: number, key: string): void {
    if (this.#lastOfKey !== undefined) this.#checkOrder(this.#lastOfKey, index, key);
    const count = this.#counts[index] ?? 0;
    this.#counts[index] = Math.min(count + 1, 255);
    if (count > 0) {
      this.#repeated += 1;
      return;
    }
    this.#distinct += 1;
    for (const call of this.#watched.get(this.#distinct) ?? []) call();
  }

  /** Calls back in the effect that makes it so many; at once when there are as many already. */
  whenReached(effects: number, call: () => void): void {
    if (this.#distinct >= effects) call();
    else this.#watched.set(effects, [...(this.#watched.get(effects) ?? []), call]);
  }

  report(expected: number): EffectReport {
    return {
      total: this.#distinct + this.#repeated,
      missing: expected - this.#distinct,
      repeated: this.#repeated,
      disordered: this.#disordered,
    };
  }

  #checkOrder(lastOfKey: Map<string, number>, index: number, key: string): void {
    const last = lastOfKey.get(key);
    if (last !== undefined && last > index) this.#disordered += 1;
    else lastOfKey.set(key, index);
  }
}
