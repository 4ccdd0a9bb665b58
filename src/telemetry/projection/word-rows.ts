import { CHUNK_ROWS, type NativeVector, type NativeVectors } from './native-vectors.ts';

/** In which order the rows of a chunk are handed over: at each place, the row that stands there. */
export type RowOrder = Uint16Array;

const scratch = new Uint32Array(4 * CHUNK_ROWS);
const scratchBits = new Uint8Array(CHUNK_ROWS / 8);

/** Values of a fixed number of 32-bit words a row, and which rows have none. */
export class WordRows {
  readonly words: Uint32Array;
  readonly #width: 1 | 2 | 4;
  readonly #nulls = new Uint8Array(CHUNK_ROWS);
  #anyNull = false;

  constructor(width: 1 | 2 | 4) {
    this.#width = width;
    this.words = new Uint32Array(width * CHUNK_ROWS);
  }

  setValid(row: number): void {
    this.#nulls[row] = 0;
  }

  setNull(row: number): void {
    this.#nulls[row] = 1;
    this.#anyNull = true;
  }

  isNull(row: number): boolean {
    return this.#nulls[row] === 1;
  }

  /** Copies the rows to DuckDB in the given order. */
  flush(native: NativeVectors, vector: NativeVector, order: RowOrder): void {
    const width = this.#width;
    const { words } = this;
    let to = 0;
    for (let place = 0; place < order.length; place++) {
      const from = width * (order[place] ?? 0);
      for (let word = 0; word < width; word++) scratch[to++] = words[from + word] ?? 0;
    }
    native.copy_data_to_vector(vector, 0, scratch.buffer, 0, 4 * to);
    if (this.#anyNull) this.#flushNulls(native, vector, order);
  }

  #flushNulls(native: NativeVectors, vector: NativeVector, order: RowOrder): void {
    scratchBits.fill(0xff);
    for (let place = 0; place < order.length; place++) {
      if (this.#nulls[order[place] ?? 0] !== 1) continue;
      scratchBits[place >> 3] = (scratchBits[place >> 3] ?? 0) & ~(1 << (place & 7));
    }
    native.vector_ensure_validity_writable(vector);
    native.copy_data_to_vector_validity(vector, 0, scratchBits.buffer, 0, scratchBits.length);
    this.#nulls.fill(0);
    this.#anyNull = false;
  }
}
