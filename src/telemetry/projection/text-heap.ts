import { isUtf8 } from 'node:buffer';
import { type NativeVector, type NativeVectors, unsupported } from './native-vectors.ts';

const FIRST_BYTES = 512 * 1024;
/** Texts up to here stand in the 16 bytes of their row. */
const INLINE_BYTES = 12;
/** Longer ones are copied by a call, which costs as much as some fifty bytes by a loop. */
const LOOP_BYTES = 64;
const WORDS = 4;
const TWO_32 = 2 ** 32;

/**
 * The bytes of all longer texts of a chunk, one behind the other. They become DuckDB's in one call; each text is then its
 * length, its first bytes, and the address of the heap plus its place there.
 */
export class TextHeap {
  bytes: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  used = 0;

  reserve(bytes: number): void {
    if (this.used + bytes <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.used + bytes));
    this.bytes.copy(larger, 0, 0, this.used);
    this.bytes = larger;
  }

  /**
   * Hands the bytes to the heap of `vector`, and answers where they are now. Row 0 of it is to be written afterwards.
   *
   * @throws EsteiraError ESTEIRA_PACKAGE_MISSING when DuckDB did not take them, or keeps texts in another form: an address
   *   that is none would end the process.
   */
  handOver(native: NativeVectors, vector: NativeVector): Address {
    if (this.used === 0) return { low: 0, high: 0 };
    // One that is too short to be kept elsewhere than in the row would have no address.
    this.reserve(INLINE_BYTES + 1);
    const length = Math.max(this.used, INLINE_BYTES + 1);
    this.bytes.fill(0x20, this.used, length);
    native.vector_assign_string_element_len(vector, 0, this.bytes.subarray(0, length));
    const row = Buffer.from(native.vector_get_data(vector, 16));
    if (row.readUInt32LE(0) !== length || this.bytes.compare(row, 4, 8, 0, 4) !== 0) throw unsupported();
    return { low: row.readUInt32LE(8), high: row.readUInt32LE(12) };
  }
}

/** Where something is in memory, in two halves. */
export interface Address {
  readonly low: number;
  readonly high: number;
}

/** Texts as DuckDB keeps them: 16 bytes each, over words that somebody else owns. */
export class TextRows {
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #heap: TextHeap;

  constructor(heap: TextHeap, words: Uint32Array) {
    this.#heap = heap;
    this.#words = words;
    this.#bytes = new Uint8Array(words.buffer);
  }

  /** Makes a text empty. */
  clear(row: number): void {
    this.#words[WORDS * row] = 0;
  }

  /** Takes bytes [from, to) as the text of a row; false when they are not UTF-8. */
  set(row: number, from: Buffer, start: number, end: number): boolean {
    const length = end - start;
    const at = WORDS * row;
    this.#words[at] = length;
    return length <= INLINE_BYTES ? this.#inline(at, from, start, end) : this.#outside(at, from, start, end);
  }

  #inline(at: number, from: Buffer, start: number, end: number): boolean {
    const words = this.#words;
    words[at + 1] = 0;
    words[at + 2] = 0;
    words[at + 3] = 0;
    const bytes = this.#bytes;
    let seen = 0;
    let to = 4 * at + 4;
    for (let index = start; index < end; index++) {
      const byte = from[index] ?? 0;
      seen |= byte;
      bytes[to++] = byte;
    }
    return seen < 128 || isUtf8(from.subarray(start, end));
  }

  #outside(at: number, from: Buffer, start: number, end: number): boolean {
    const heap = this.#heap;
    const length = end - start;
    heap.reserve(length);
    const { bytes, used } = heap;
    let seen = 0;
    if (length > LOOP_BYTES) {
      from.copy(bytes, used, start, end);
      seen = 128;
    } else {
      for (let index = 0; index < length; index++) {
        const byte = from[start + index] ?? 0;
        seen |= byte;
        bytes[used + index] = byte;
      }
    }
    this.#bytes.set(bytes.subarray(used, used + 4), 4 * at + 4);
    this.#words[at + 2] = used;
    heap.used = used + length;
    return seen < 128 || isUtf8(from.subarray(start, end));
  }

  /** Turns places in the heap into addresses: once, when the bytes are DuckDB's. */
  toAddresses(rows: number, base: Address): void {
    const words = this.#words;
    for (let at = 0; at < WORDS * rows; at += WORDS) {
      if ((words[at] ?? 0) <= INLINE_BYTES) continue;
      const low = base.low + (words[at + 2] ?? 0);
      words[at + 2] = low >>> 0;
      words[at + 3] = base.high + (low >= TWO_32 ? 1 : 0);
    }
  }
}
