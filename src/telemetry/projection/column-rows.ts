import { hash } from 'node:crypto';
import type { NativeVector, NativeVectors } from './native-vectors.ts';
import { type Address, type TextHeap, TextRows } from './text-heap.ts';
import { type RowOrder, WordRows } from './word-rows.ts';

const WORDS = 4;
const TWO_32 = 2 ** 32;
const US_PER_MS = 1_000;
/** The range of a date in JavaScript, ms; what is beyond it no timestamp of DuckDB holds. */
const LATEST_MS = 8.64e15;

/** One or two columns of the table, filled row by row and copied to DuckDB as a whole. */
export interface ColumnRows {
  /** How many columns of the table it fills. */
  readonly width: number;
  text(row: number, bytes: Buffer, from: number, to: number): boolean;
  number(row: number, value: number): boolean;
  none(row: number): void;
  flush(native: NativeVectors, vectors: readonly NativeVector[], order: RowOrder, base: Address): void;
}

const refuse = (): boolean => false;

export class TextColumn implements ColumnRows {
  readonly width = 1;
  readonly number = refuse;
  readonly #rows = new WordRows(WORDS);
  readonly #texts: TextRows;

  constructor(heap: TextHeap) {
    this.#texts = new TextRows(heap, this.#rows.words);
  }

  text(row: number, bytes: Buffer, from: number, to: number): boolean {
    this.#rows.setValid(row);
    return this.#texts.set(row, bytes, from, to);
  }

  none(row: number): void {
    this.#rows.setNull(row);
    this.#texts.clear(row);
  }

  flush(native: NativeVectors, [vector]: readonly NativeVector[], order: RowOrder, base: Address): void {
    if (vector === undefined) return;
    this.#texts.toAddresses(order.length, base);
    this.#rows.flush(native, vector, order);
  }
}

/** The value of each hexadecimal digit in lower case; 255 for other bytes. */
const DIGITS = new Uint8Array(256).fill(255);
for (const [value, digit] of [...'0123456789abcdef'].entries()) DIGITS[digit.charCodeAt(0)] = value;

const UUID_BYTES = 36;
const HYPHEN = 0x2d;
const HYPHENS = [8, 13, 18, 23] as const;
/** Where the digits of each of the four words of a UUID begin; the second and third have a hyphen inside. */
const WORD_STARTS = [
  [0, 2, 4, 6],
  [9, 11, 14, 16],
  [19, 21, 24, 26],
  [28, 30, 32, 34],
] as const;

/** Reads one word of a UUID; NaN when a digit is none. */
const wordOf = (bytes: Buffer, from: number, starts: readonly number[]): number => {
  let word = 0;
  let seen = 0;
  for (let index = 0; index < 4; index++) {
    const at = from + (starts[index] ?? 0);
    const high = DIGITS[bytes[at] ?? 0] ?? 255;
    const low = DIGITS[bytes[at + 1] ?? 0] ?? 255;
    seen |= high | low;
    word = (word << 8) | (high << 4) | low;
  }
  return seen > 15 ? Number.NaN : word >>> 0;
};

/**
 * Identifiers: 16 bytes where the text is a UUID in lower case. Another text, which only a foreign producer writes, goes
 * to the column beside it, and the 16 bytes are its hash, so that rows of one identifier have the same ones.
 */
export class UuidColumn implements ColumnRows {
  readonly width = 2;
  readonly number = refuse;
  /** Of each row four words, the first one of the UUID last, with its sign turned, as DuckDB keeps it. */
  readonly rows = new WordRows(WORDS);
  readonly #text: TextColumn;

  constructor(heap: TextHeap) {
    this.#text = new TextColumn(heap);
  }

  text(row: number, bytes: Buffer, from: number, to: number): boolean {
    this.rows.setValid(row);
    this.#text.none(row);
    if (to - from === UUID_BYTES && this.#uuid(row, bytes, from)) return true;
    const digest = hash('sha256', bytes.subarray(from, to), 'buffer');
    for (let word = 0; word < WORDS; word++)
      this.rows.words[WORDS * row + word] = digest.readUInt32LE(4 * word);
    return this.#text.text(row, bytes, from, to);
  }

  #uuid(row: number, bytes: Buffer, from: number): boolean {
    for (const at of HYPHENS) if (bytes[from + at] !== HYPHEN) return false;
    const first = wordOf(bytes, from, WORD_STARTS[0]);
    const second = wordOf(bytes, from, WORD_STARTS[1]);
    const third = wordOf(bytes, from, WORD_STARTS[2]);
    const fourth = wordOf(bytes, from, WORD_STARTS[3]);
    // One that is not a number makes the sum none.
    if (Number.isNaN(first + second + third + fourth)) return false;
    const { words } = this.rows;
    const at = WORDS * row;
    words[at] = fourth;
    words[at + 1] = third;
    words[at + 2] = second;
    words[at + 3] = first ^ 0x80000000;
    return true;
  }

  /** Whether a row has the same identifier as another column's. */
  equals(row: number, other: UuidColumn): boolean {
    if (this.rows.isNull(row) || other.rows.isNull(row)) return false;
    const mine = this.rows.words;
    const others = other.rows.words;
    for (let at = WORDS * row; at < WORDS * row + WORDS; at++) if (mine[at] !== others[at]) return false;
    return true;
  }

  none(row: number): void {
    this.rows.setNull(row);
    this.#text.none(row);
  }

  flush(native: NativeVectors, vectors: readonly NativeVector[], order: RowOrder, base: Address): void {
    const [vector] = vectors;
    if (vector === undefined) return;
    this.rows.flush(native, vector, order);
    this.#text.flush(native, vectors.slice(1), order, base);
  }
}

/** Whole numbers of 32 bits. */
export class IntColumn implements ColumnRows {
  readonly width = 1;
  readonly text = refuse;
  readonly #rows = new WordRows(1);

  number(row: number, value: number): boolean {
    this.#rows.setValid(row);
    this.#rows.words[row] = value;
    return true;
  }

  none(row: number): void {
    this.#rows.setNull(row);
  }

  flush(native: NativeVectors, [vector]: readonly NativeVector[], order: RowOrder): void {
    if (vector !== undefined) this.#rows.flush(native, vector, order);
  }
}

/** Whole numbers of 64 bits, of which a number holds 53. */
export class LongColumn implements ColumnRows {
  readonly width = 1;
  readonly text = refuse;
  readonly #rows = new WordRows(2);

  number(row: number, value: number): boolean {
    this.#rows.setValid(row);
    this.#rows.words[2 * row] = value % TWO_32;
    this.#rows.words[2 * row + 1] = Math.floor(value / TWO_32);
    return true;
  }

  none(row: number): void {
    this.#rows.setNull(row);
  }

  flush(native: NativeVectors, [vector]: readonly NativeVector[], order: RowOrder): void {
    if (vector !== undefined) this.#rows.flush(native, vector, order);
  }
}

/** Points in time: milliseconds come, microseconds are kept. */
export class TimeColumn extends LongColumn {
  override number(row: number, value: number): boolean {
    if (value > LATEST_MS || value < -LATEST_MS) return false;
    return super.number(row, value * US_PER_MS);
  }
}
