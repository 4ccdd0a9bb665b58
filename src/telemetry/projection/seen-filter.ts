/** How large a filter may become. */
export interface SeenFilterSize {
  /** Identifiers that one part is made for. */
  readonly partIds: number;
  /** Bits of a part, a multiple of 32: with 24 an identifier, one in 20,000 never seen is taken for a possible repeat. */
  readonly partBits: number;
  readonly mostParts: number;
}

/** 2 MB a part, at most 128 MB, for 45 million events. */
const DEFAULT_SIZE: SeenFilterSize = { partIds: 700_000, partBits: 2 ** 24, mostParts: 64 };
const PROBES = 8;

/** Commits [from, to], whose rows one part of the filter stands for. */
export interface BatchRange {
  readonly from: number;
  readonly to: number;
}

interface Part {
  readonly bits: Uint32Array;
  from: number;
  to: number;
  ids: number;
}

const mix = (first: number, second: number): number => {
  let hash = Math.imul(first ^ (second >>> 15), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13) ^ second, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};

/**
 * Says of an identifier that it has never been seen, or that it may have been, and in which commits: those have to be looked
 * up. It is never wrong about the first. A Bloom filter in parts, one for so many identifiers in the order of
 * their coming, so that a look-up reads only the rows of some; 3 bytes of memory an identifier. When all parts are full, two
 * that are side by side become one, which is asked more often for nothing: slower, not wrong.
 */
export class SeenFilter {
  readonly #size: SeenFilterSize;
  #parts: Part[] = [];

  constructor(size: SeenFilterSize = DEFAULT_SIZE) {
    this.#size = size;
  }

  get bytes(): number {
    return (this.#parts.length * this.#size.partBits) / 8;
  }

  /** Adds the identifier (four words) of a row of commit `batch`. Answers undefined when it is new, else where it may stand. */
  add(words: Uint32Array, at: number, batch: number): BatchRange | undefined {
    const one = mix((words[at] ?? 0) ^ (words[at + 2] ?? 0), words[at + 1] ?? 0);
    const step = mix(words[at + 3] ?? 0, (words[at] ?? 0) ^ (words[at + 1] ?? 0)) | 1;
    const found = this.#find(one, step);
    // Also where it may stand elsewhere: if it does not, its row is one of this commit.
    this.#put(one, step, batch);
    return found;
  }

  /** Forgets parts all of whose commits are below `batch`: their rows are gone. */
  forgetBelow(batch: number): void {
    this.#parts = this.#parts.filter((part, index) => index === this.#parts.length - 1 || part.to >= batch);
  }

  #find(one: number, step: number): BatchRange | undefined {
    let from = Number.POSITIVE_INFINITY;
    let to = -1;
    for (const part of this.#parts) {
      if (!holds(part.bits, one, step)) continue;
      from = Math.min(from, part.from);
      to = Math.max(to, part.to);
    }
    return to < 0 ? undefined : { from, to };
  }

  #put(one: number, step: number, batch: number): void {
    const part = this.#newest(batch);
    const { partBits } = this.#size;
    part.from = Math.min(part.from, batch);
    part.to = Math.max(part.to, batch);
    part.ids += 1;
    for (let probe = 0, bit = one; probe < PROBES; probe++, bit = (bit + step) >>> 0) {
      const place = bit % partBits;
      part.bits[place >>> 5] = (part.bits[place >>> 5] ?? 0) | (1 << (place & 31));
    }
  }

  #newest(batch: number): Part {
    const last = this.#parts.at(-1);
    if (last !== undefined && last.ids < this.#size.partIds) return last;
    if (this.#parts.length === this.#size.mostParts) this.#mergeTwo();
    const part = { bits: new Uint32Array(this.#size.partBits / 32), from: batch, to: batch, ids: 0 };
    this.#parts.push(part);
    return part;
  }

  /** The two neighbours with the fewest identifiers. */
  #mergeTwo(): void {
    let best = 0;
    const idsAt = (index: number): number =>
      (this.#parts[index]?.ids ?? 0) + (this.#parts[index + 1]?.ids ?? 0);
    for (let index = 1; index + 1 < this.#parts.length; index++) if (idsAt(index) < idsAt(best)) best = index;
    const [left, right] = this.#parts.slice(best, best + 2);
    if (left === undefined || right === undefined) return;
    for (let word = 0; word < left.bits.length; word++)
      left.bits[word] = (left.bits[word] ?? 0) | (right.bits[word] ?? 0);
    left.from = Math.min(left.from, right.from);
    left.to = Math.max(left.to, right.to);
    left.ids += right.ids;
    this.#parts.splice(best + 1, 1);
  }
}

const holds = (bits: Uint32Array, one: number, step: number): boolean => {
  const partBits = 32 * bits.length;
  for (let probe = 0, bit = one; probe < PROBES; probe++, bit = (bit + step) >>> 0) {
    const place = bit % partBits;
    if (((bits[place >>> 5] ?? 0) & (1 << (place & 31))) === 0) return false;
  }
  return true;
};
