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

/** What is told of one header: where its name and its value stand. */
export type HeaderVisitor = (
  bytes: Buffer,
  nameStart: number,
  nameEnd: number,
  start: number,
  end: number,
) => void;

/** Moves behind the headers at whose count `source` stands; false when their bytes are odd. */
export const skipHeaders = (source: ByteSource): boolean => {
  const count = readVarint(source);
  const fits = count >= 0 && count * LEAST_HEADER_BYTES <= source.buffer.length - source.offset;
  let left = fits ? count : Number.NaN;
  while (left > 0 && skip(source)) left -= 1;
  return left === 0;
};

/**
 * The headers of a record as they stand on Kafka's wire. A list of them is some twenty objects a record, and most
 * records need only the texts of a few: they are read from the bytes, and the list is made when somebody wants it.
 */
export class PackedHeaders {
  readonly bytes: Buffer;
  readonly #start: number;
  readonly #count: number;

  /** The headers whose count stands at `at`, as {@link skipHeaders} has found them in order. */
  constructor(bytes: Buffer, at: number) {
    const source = { buffer: bytes, offset: at };
    this.bytes = bytes;
    this.#count = readVarint(source);
    this.#start = source.offset;
  }

  /** Tells every header that has a value, in the order of the wire. */
  each(visit: HeaderVisitor): void {
    const source = { buffer: this.bytes, offset: this.#start };
    for (let left = this.#count; left > 0; left--) {
      const nameLength = readVarint(source);
      const nameStart = source.offset;
      source.offset += nameLength;
      const length = readVarint(source);
      const start = source.offset;
      if (length === NO_VALUE) continue;
      source.offset += length;
      visit(this.bytes, nameStart, nameStart + nameLength, start, start + length);
    }
  }

  /** All of them; the values are views. */
  list(): RecordHeaders {
    const list: HeaderEntry[] = [];
    const source = { buffer: this.bytes, offset: this.#start };
    for (let left = this.#count; left > 0; left--) {
      const nameEnd = readVarint(source) + source.offset;
      const name = names.at(this.bytes, source.offset, nameEnd);
      source.offset = nameEnd;
      const length = readVarint(source);
      const start = source.offset;
      source.offset += Math.max(0, length);
      list.push([name, length === NO_VALUE ? null : this.bytes.subarray(start, source.offset)]);
    }
    return list;
  }
}
