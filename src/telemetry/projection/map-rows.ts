import type { ByteSpan } from '../../core/ports/row-sink.ts';
import type { ColumnRows } from './column-rows.ts';
import type { NativeVector, NativeVectors } from './native-vectors.ts';
import { type Address, type TextHeap, TextRows } from './text-heap.ts';
import { type RowOrder, WordRows } from './word-rows.ts';

const FIRST_ENTRIES = 4_096;
const TEXT_WORDS = 4;
const NUMBER_WORDS = 2;
const never = (): boolean => false;

/** Words for the keys or the values of all maps of a chunk. */
const larger = (words: Uint32Array<ArrayBufferLike>): Uint32Array<ArrayBuffer> => {
  const grown = new Uint32Array(2 * words.length);
  grown.set(words);
  return grown;
};

/** A map of each row: where its entries begin among all entries of the chunk, and how many they are. */
export class MapColumn implements ColumnRows {
  readonly width = 1;
  readonly text = never;
  readonly number = never;
  /** Two numbers of 64 bits a row: the place of the first entry, and their number. */
  readonly #rows = new WordRows(4);
  readonly #heap: TextHeap;
  readonly #kind: 'texts' | 'numbers';
  #keys = new Uint32Array(TEXT_WORDS * FIRST_ENTRIES);
  #values: Uint32Array;
  #used = 0;

  constructor(heap: TextHeap, kind: 'texts' | 'numbers') {
    this.#heap = heap;
    this.#kind = kind;
    this.#values = new Uint32Array((kind === 'texts' ? TEXT_WORDS : NUMBER_WORDS) * FIRST_ENTRIES);
  }

  /** Begins a row, which has no entries yet. What a dropped row had is forgotten. */
  begin(row: number): void {
    const { words } = this.#rows;
    const before = 4 * (row - 1);
    this.#used = row === 0 ? 0 : (words[before] ?? 0) + (words[before + 2] ?? 0);
    words[4 * row] = this.#used;
    words[4 * row + 2] = 0;
  }

  textEntry(row: number, bytes: Buffer, key: ByteSpan, value: ByteSpan): boolean {
    if (this.#kind !== 'texts') return false;
    const at = this.#next(row, bytes, key);
    return at >= 0 && new TextRows(this.#heap, this.#values).set(at, bytes, value.from, value.to);
  }

  numberEntry(row: number, bytes: Buffer, key: ByteSpan, value: number): boolean {
    if (this.#kind !== 'numbers') return false;
    const at = this.#next(row, bytes, key);
    if (at < 0) return false;
    new Float64Array(this.#values.buffer)[at] = value;
    return true;
  }

  /** The place of the row's next entry, whose key is taken; below 0 when that is not UTF-8. */
  #next(row: number, bytes: Buffer, key: ByteSpan): number {
    const at = this.#used++;
    const { words } = this.#rows;
    words[4 * row + 2] = (words[4 * row + 2] ?? 0) + 1;
    if (TEXT_WORDS * at >= this.#keys.length) {
      this.#keys = larger(this.#keys);
      this.#values = larger(this.#values);
    }
    return new TextRows(this.#heap, this.#keys).set(at, bytes, key.from, key.to) ? at : -1;
  }

  /** A map is never null: one without entries is empty. */
  none(): void {
    // The row was begun without entries.
  }

  flush(native: NativeVectors, [vector]: readonly NativeVector[], order: RowOrder, base: Address): void {
    if (vector === undefined) return;
    const used = this.#used;
    this.#rows.flush(native, vector, order);
    native.list_vector_reserve(vector, used);
    native.list_vector_set_size(vector, used);
    if (used === 0) return;
    const entry = native.list_vector_get_child(vector);
    const values = native.struct_vector_get_child(entry, 1);
    new TextRows(this.#heap, this.#keys).toAddresses(used, base);
    native.copy_data_to_vector(native.struct_vector_get_child(entry, 0), 0, this.#keys.buffer, 0, 16 * used);
    if (this.#kind === 'texts') new TextRows(this.#heap, this.#values).toAddresses(used, base);
    const bytes = this.#kind === 'texts' ? 16 : 8;
    native.copy_data_to_vector(values, 0, this.#values.buffer, 0, bytes * used);
  }
}
