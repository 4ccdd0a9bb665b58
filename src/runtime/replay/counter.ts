/** So many different values are told; the rest is summed up. */
const MOST_TOLD = 100;

/** Counts values. */
export class Counter {
  readonly #counts = new Map<string, number>();

  add(value: string): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }

  /** The largest counts first; what is beyond a hundred becomes `others`. */
  told(): Record<string, number> {
    const sorted = [...this.#counts].sort(([, a], [, b]) => b - a);
    const others = sorted.slice(MOST_TOLD).reduce((sum, [, count]) => sum + count, 0);
    return Object.fromEntries([
      ...sorted.slice(0, MOST_TOLD),
      ...(others > 0 ? [['others', others] as const] : []),
    ]);
  }
}
