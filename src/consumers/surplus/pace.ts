/** How long back a pace is taken over, ms: looks before a pause say nothing about what comes after it. */
const SPAN_MS = 1_000;
/** Looks closer to each other than this are one, ms. */
const CLOSE_MS = 50;

interface Look {
  readonly atMs: number;
  readonly count: number;
}

/** How fast something happens, over the last looks at it. */
export class Pace {
  /** When each look was, epoch ms, and how often it had happened by then. */
  readonly #looks: Look[] = [];
  #count = 0;

  /** It has happened once more. */
  happened(): void {
    this.#count += 1;
  }

  /** What was seen so far says nothing about what comes. */
  forget(): void {
    this.#looks.length = 0;
  }

  /** Times a ms; undefined until it was looked at for `leastMs`. */
  look(nowMs: number, leastMs: number): number | undefined {
    while (this.#looks[0] !== undefined && nowMs - this.#looks[0].atMs > SPAN_MS) this.#looks.shift();
    const last = this.#looks.at(-1);
    if (last === undefined || nowMs - last.atMs >= CLOSE_MS)
      this.#looks.push({ atMs: nowMs, count: this.#count });
    const [first] = this.#looks;
    if (first === undefined || nowMs - first.atMs < leastMs) return undefined;
    return (this.#count - first.count) / (nowMs - first.atMs);
  }
}
