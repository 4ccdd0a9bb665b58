/**
 * Which priority is next: the first of those with work, but once in a while a later one, in turn among them. So a
 * flood of first ones slows the others and never stops them, without clocks and without moving entries about.
 */
export class PriorityTurns {
  readonly #laterEvery: number;
  /** Starts given to the first while later ones had work. */
  #passed = 0;
  /** The later one that had its turn last. */
  #turn = 0;

  /** One of `laterEvery` starts goes to a later priority; without end: none, as long as the first has work. */
  constructor(laterEvery: number) {
    this.#laterEvery = laterEvery;
  }

  /** Chooses from the priorities with work, given as bits (bit p for priority p, not 0), and counts nothing yet. */
  choose(ready: number): number {
    const first = ready & -ready;
    const later = ready ^ first;
    if (later === 0 || this.#passed + 1 < this.#laterEvery) return indexOf(first);
    const after = later & ~((2 << this.#turn) - 1);
    return indexOf(after === 0 ? later : after);
  }

  /** Counts the start of one at `priority`, chosen from `ready`. */
  started(priority: number, ready: number): void {
    const first = ready & -ready;
    if (first === ready) return;
    if (priority === indexOf(first)) {
      this.#passed += 1;
      return;
    }
    this.#passed = 0;
    this.#turn = priority;
  }
}

/** The place of the lowest bit that is set. */
const indexOf = (bits: number): number => 31 - Math.clz32(bits & -bits);
