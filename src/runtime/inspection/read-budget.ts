/** How many records a look may read, so that it ends, and whether that was enough. */
export class ReadBudget {
  readonly #most: number;
  #read = 0;
  #isCut = false;

  constructor(most: number) {
    this.#most = most;
  }

  get read(): number {
    return this.#read;
  }

  /** Whether something was left unread. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** The end of what may still be read of [from, to). */
  endOf(from: bigint, to: bigint): bigint {
    const end = from + BigInt(this.#most - this.#read);
    if (end >= to) return to;
    this.#isCut = true;
    return end;
  }

  /** The beginning of what may still be read of [from, to), its newest part. */
  beginningOf(from: bigint, to: bigint): bigint {
    const beginning = to - BigInt(this.#most - this.#read);
    if (beginning <= from) return from;
    this.#isCut = true;
    return beginning;
  }

  /** One record was read. */
  spend(): void {
    this.#read += 1;
  }
}
