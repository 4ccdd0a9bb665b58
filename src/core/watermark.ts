/**
 * Tracks the records of one partition between hand-over and settlement. The watermark is the offset below which all
 * is settled: the only thing that may be committed. Offsets may have gaps (compaction, transactions).
 */
export class Watermark {
  /** Unsettled offsets in order; settled ones are removed lazily from the front. */
  readonly #inFlight: bigint[] = [];
  readonly #settled = new Set<bigint>();
  #head = 0;
  #next: bigint;

  /** `start`: the next offset to read. */
  constructor(start: bigint) {
    this.#next = start;
  }

  /** Takes in an offset; false when it is known already (handed over again after a rebalance). */
  track(offset: bigint): boolean {
    if (offset < this.#next) return false;
    this.#inFlight.push(offset);
    this.#next = offset + 1n;
    return true;
  }

  /** Marks an offset as settled; repeating it, or an offset not tracked, changes nothing. */
  settle(offset: bigint): void {
    const first = this.#inFlight[this.#head];
    if (first === undefined || offset < first || offset >= this.#next) return;
    this.#settled.add(offset);
    this.#advance();
  }

  /** The next offset to commit. */
  get value(): bigint {
    return this.#inFlight[this.#head] ?? this.#next;
  }

  /** How many tracked offsets lie at or above the watermark: what a window bounds. */
  get size(): number {
    return this.#inFlight.length - this.#head;
  }

  #advance(): void {
    let first = this.#inFlight[this.#head];
    while (first !== undefined && this.#settled.delete(first)) {
      this.#head += 1;
      first = this.#inFlight[this.#head];
    }
    if (this.#head > 1_024 && this.#head * 2 > this.#inFlight.length) {
      this.#inFlight.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
