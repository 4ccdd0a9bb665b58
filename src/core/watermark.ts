/** In the place of a size: the offset is settled. */
const SETTLED = -1;
const FORGET_FROM = 512;

/**
 * Tracks the records of one partition between hand-over and settlement. The watermark is the offset below which all
 * is settled: the only thing that may be committed. Offsets may have gaps (compaction, transactions).
 */
export class Watermark {
  /** Where the count of offsets begins: they are kept as numbers from here, since every bigint is an object. */
  readonly #start: bigint;
  /** Offsets taken in, in order. */
  #offsets: number[] = [];
  /** The size of each, or that it is settled. */
  #sizes: number[] = [];
  /** The record time of each, epoch ms. */
  #times: number[] = [];
  /** Where the first unsettled one stands. */
  #head = 0;
  #next = 0;
  #bytes = 0;
  #open = 0;

  /** `start`: the next offset to read. */
  constructor(start: bigint) {
    this.#start = start;
  }

  /**
   * Takes in an offset of so many bytes and of that record time (epoch ms); false when it is known already (handed over
   * again after a rebalance).
   */
  track(offset: bigint, bytes = 0, timeMs = 0): boolean {
    const at = Number(offset - this.#start);
    if (at < this.#next) return false;
    this.#offsets.push(at);
    this.#sizes.push(bytes);
    this.#times.push(timeMs);
    this.#bytes += bytes;
    this.#open += 1;
    this.#next = at + 1;
    return true;
  }

  /** Marks an offset as settled; repeating it, or an offset not tracked, changes nothing. */
  settle(offset: bigint): void {
    const index = this.#indexOf(Number(offset - this.#start));
    const size = this.#sizes[index] ?? SETTLED;
    if (size === SETTLED) return;
    this.#bytes -= size;
    this.#open -= 1;
    this.#sizes[index] = SETTLED;
    if (index === this.#head) this.#advance();
  }

  /** The next offset to commit. */
  get value(): bigint {
    return this.#start + BigInt(this.#offsets[this.#head] ?? this.#next);
  }

  /** The offset behind the last one taken in. */
  get next(): bigint {
    return this.#start + BigInt(this.#next);
  }

  /** How many tracked offsets lie at or above the watermark: what a window bounds. */
  get size(): number {
    return this.#offsets.length - this.#head;
  }

  /** How many of them are not settled. */
  get open(): number {
    return this.#open;
  }

  /** The record time of the first that is not settled, epoch ms; undefined when all are. */
  get oldestMs(): number | undefined {
    return this.#times[this.#head];
  }

  /** The bytes of what is not settled. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Where an offset stands; -1 when it is not tracked or lies below the watermark. Most partitions have no gaps. */
  #indexOf(offset: number): number {
    const first = this.#offsets[this.#head];
    if (first === undefined || offset < first || offset >= this.#next) return -1;
    const guess = this.#head + offset - first;
    if (this.#offsets[guess] === offset) return guess;
    let low = this.#head;
    let high = Math.min(guess, this.#offsets.length - 1);
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = this.#offsets[middle] ?? 0;
      if (found === offset) return middle;
      if (found < offset) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  #advance(): void {
    while (this.#sizes[this.#head] === SETTLED) this.#head += 1;
    if (this.#head < FORGET_FROM || this.#head * 2 < this.#offsets.length) return;
    this.#offsets = this.#offsets.slice(this.#head);
    this.#sizes = this.#sizes.slice(this.#head);
    this.#times = this.#times.slice(this.#head);
    this.#head = 0;
  }
}
