import { NONE, type WaitingCopy, type WaitingKey } from './waiting-key.ts';

/** Bounds of what is kept in memory. */
export interface MemoryBounds {
  /** Copies of one key. */
  readonly maxCopiesPerKey: number;
  /** Copies of all keys of the waiting partition. */
  readonly maxCopies: number;
  /** Their bytes; one copy is always kept, however large. */
  readonly maxBytes: number;
}

/** The copies in memory of one waiting partition: counts them and makes room where a key needs its front. */
export class WaitingMemory<C extends WaitingCopy> {
  readonly #bounds: MemoryBounds;
  /** Keys whose front is due much later: their copies go first. */
  readonly #asleep = new Set<WaitingKey<C>>();
  /** Keys with more than a front: what is behind it goes next. */
  readonly #deep = new Set<WaitingKey<C>>();
  /** The size of the front that was refused last; 0 when none was since one was taken. */
  #wantedBytes = 0;
  #copies = 0;
  #bytes = 0;

  constructor(bounds: MemoryBounds) {
    this.#bounds = bounds;
  }

  get copies(): number {
    return this.#copies;
  }

  /** Takes a copy into its key's memory if there is room; a front gets room at the cost of others. */
  take(key: WaitingKey<C>, copy: C, reading: number): boolean {
    const isFront = key.copies.length === 0;
    if (key.copies.length >= this.#bounds.maxCopiesPerKey) return false;
    while (!this.#fits(copy.bytes)) {
      if (isFront && this.#makeRoom(reading)) continue;
      if (isFront) this.#wantedBytes = copy.bytes;
      return false;
    }
    if (isFront) this.#wantedBytes = 0;
    key.copies.push(copy);
    key.passBy(copy.offset);
    this.#copies += 1;
    this.#bytes += copy.bytes;
    if (!isFront) this.#deep.add(key);
    return true;
  }

  /** The front of a key is settled. */
  shift(key: WaitingKey<C>): void {
    const copy = key.shift();
    if (copy !== undefined) this.#drop([copy]);
    if (key.copies.length < 2) this.#deep.delete(key);
  }

  /** Whether it is worth reading for a front: the one that was refused last would fit. */
  get hasRoom(): boolean {
    return this.#asleep.size > 0 || this.#deep.size > 0 || this.#fits(this.#wantedBytes);
  }

  asleep(key: WaitingKey<C>): void {
    this.#asleep.add(key);
  }

  awake(key: WaitingKey<C>): void {
    this.#asleep.delete(key);
  }

  #fits(bytes: number): boolean {
    if (this.#copies === 0) return true;
    return this.#copies < this.#bounds.maxCopies && this.#bytes + bytes <= this.#bounds.maxBytes;
  }

  #makeRoom(reading: number): boolean {
    for (const key of this.#asleep) {
      this.#asleep.delete(key);
      if (this.#forget(key, 0, reading)) return true;
    }
    for (const key of this.#deep) if (this.#forget(key, 1, reading)) return true;
    return false;
  }

  #forget(key: WaitingKey<C>, from: number, reading: number): boolean {
    this.#deep.delete(key);
    const gone = key.forget(from, reading);
    this.#drop(gone);
    return gone.length > 0 && key.resume !== NONE;
  }

  #drop(copies: readonly C[]): void {
    for (const { bytes } of copies) {
      this.#copies -= 1;
      this.#bytes -= bytes;
    }
  }
}
