import type { HeaderEntry, RecordHeaders } from './record-headers.ts';
import { TextCache } from './text-cache.ts';

/** Bytes a header takes at least: the lengths of its name and of its value. */
const LEAST_HEADER_BYTES = 2;
const NO_VALUE = -1;

/** Names are few and repeat in every record. */
const names = new TextCache(256, 64);

/** Bytes and a place in them. */
export interface ByteSource {
  readonly buffer: Buffer;
  offset: number;
}

/** The zigzag varint at the place of reading, which moves on; only numbers of up to four bytes, else NaN. */
export const readVarint = (source: ByteSource): number => {
  let zigzag = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = source.buffer[source.offset++];
    if (byte === undefined) return Number.NaN;
    zigzag |= (byte & 0x7f) << shift;
    if (byte < 0x80) return (zigzag >>> 1) ^ -(zigzag & 1);
  }
  return Number.NaN;
};

/** Moves behind one header; false when its bytes are not what they should be. */
const skip = (source: ByteSource): boolean => {
  const nameLength = readVarint(source);
  source.offset += nameLength;
  if (!(nameLength >= 0 && source.offset <= source.buffer.length)) return false;
  const valueLength = readVarint(source);
  if (valueLength === NO_VALUE) return true;
  source.offset += valueLength;
  return valueLength >= 0 && source.offset <= source.buffer.length;
};

/** What is told of one header: its name, and where its value stands. */
export type HeaderVisitor = (name: string, bytes: Buffer, start: number, end: number) => void;

/**
 * The headers of a record as they stand on Kafka's wire. A list of them is some twenty objects a record, and most
 * records need only the texts of a few: they are read from the bytes, and the list is made when somebody wants it.
 */
export class PackedHeaders {
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;
  readonly #count: number;

  private constructor(bytes: Buffer, start: number, end: number, count: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#count = count;
  }

  /**
   * The headers at whose count `source` stands; moves on behind them. Undefined, with the source where it was, when
   * the bytes are odd.
   */
  static at(source: ByteSource): PackedHeaders | undefined {
    const before = source.offset;
    const count = readVarint(source);
    const start = source.offset;
    const fits = count >= 0 && count * LEAST_HEADER_BYTES <= source.buffer.length - start;
    let left = fits ? count : Number.NaN;
    while (left > 0 && skip(source)) left -= 1;
    if (left === 0) return new PackedHeaders(source.buffer, start, source.offset, count);
    source.offset = before;
    return undefined;
  }

  /** Tells every header that has a value, in the order of the wire. */
  each(visit: HeaderVisitor): void {
    this.#walk((name, bytes, start, end) => {
      if (end >= start) visit(name, bytes, start, end);
    });
  }

  /** All of them; the values are views. */
  list(): RecordHeaders {
    const list: HeaderEntry[] = [];
    this.#walk((name, bytes, start, end) => {
      list.push([name, end >= start ? bytes.subarray(start, end) : null]);
    });
    return list;
  }

  /** Visits all; a value that is null ends before it starts. */
  #walk(visit: HeaderVisitor): void {
    const source = { buffer: this.#bytes, offset: this.#start };
    for (let left = this.#count; left > 0; left--) {
      const nameEnd = readVarint(source) + source.offset;
      const name = names.at(this.#bytes, source.offset, nameEnd);
      source.offset = nameEnd;
      const length = readVarint(source);
      const start = source.offset;
      source.offset += Math.max(0, length);
      visit(name, this.#bytes, start, start + length);
    }
  }

  /** How many bytes a copy takes. */
  get byteLength(): number {
    return this.#end - this.#start;
  }

  /** A copy in `target` from `at`: it pins nothing else. */
  copyTo(target: Buffer, at: number): PackedHeaders {
    this.#bytes.copy(target, at, this.#start, this.#end);
    return new PackedHeaders(target, at, at + this.byteLength, this.#count);
  }
}
