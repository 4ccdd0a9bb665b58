import type { HeaderEntry, RecordHeaders } from '../../core/record.ts';

/** The part of kafkajs' decoder of one record that is used here. */
export interface RecordBytes {
  readonly buffer: Buffer;
  offset: number;
}

/** Bytes a header takes at least: the lengths of its name and of its value. */
const LEAST_HEADER_BYTES = 2;
/** Names are few and repeat in every record: this many are remembered, each under a hash of its bytes. */
const REMEMBERED_NAMES = 256;
const LONGEST_REMEMBERED = 64;

interface KnownName {
  readonly bytes: Buffer;
  readonly name: string;
}

const knownNames: (KnownName | undefined)[] = Array(REMEMBERED_NAMES).fill(undefined);

/** The zigzag varint at the place of reading, which moves on; only numbers of up to four bytes. */
const readVarint = (source: RecordBytes): number => {
  let zigzag = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = source.buffer[source.offset++];
    if (byte === undefined) return Number.NaN;
    zigzag |= (byte & 0x7f) << shift;
    if (byte < 0x80) return (zigzag >>> 1) ^ -(zigzag & 1);
  }
  return Number.NaN;
};

const isAt = (known: Buffer, bytes: Buffer, start: number): boolean => {
  for (let index = 0; index < known.length; index++) if (known[index] !== bytes[start + index]) return false;
  return true;
};

/** The same text object for the same bytes: decoding it anew would cost several times as much, and look-ups too. */
const nameAt = (bytes: Buffer, start: number, end: number): string => {
  const length = end - start;
  if (length > LONGEST_REMEMBERED) return bytes.toString('utf8', start, end);
  const middle = start + (length >> 1);
  const mixed = length * 31 + (bytes[middle] ?? 0) * 7 + (bytes[end - 1] ?? 0) * 3 + (bytes[end - 2] ?? 0);
  const place = mixed % REMEMBERED_NAMES;
  const known = knownNames[place];
  if (known !== undefined && known.bytes.length === length && isAt(known.bytes, bytes, start))
    return known.name;
  const name = bytes.toString('utf8', start, end);
  knownNames[place] = { bytes: Buffer.from(bytes.subarray(start, end)), name };
  return name;
};

/** One header; undefined when its bytes are not what they should be. */
const readHeader = (source: RecordBytes): HeaderEntry | undefined => {
  const { buffer } = source;
  const nameLength = readVarint(source);
  const nameStart = source.offset;
  const nameEnd = nameStart + nameLength;
  if (!(nameLength >= 0 && nameEnd <= buffer.length)) return undefined;
  source.offset = nameEnd;
  const valueLength = readVarint(source);
  const name = nameAt(buffer, nameStart, nameEnd);
  if (valueLength === -1) return [name, null];
  const valueStart = source.offset;
  const valueEnd = valueStart + valueLength;
  if (!(valueLength >= 0 && valueEnd <= buffer.length)) return undefined;
  source.offset = valueEnd;
  return [name, buffer.subarray(valueStart, valueEnd)];
};

/**
 * Reads the headers of a record, at whose count its decoder stands, and moves on behind them. Undefined, with the
 * decoder where it was, when the bytes are odd: then kafkajs has to judge them.
 */
export const readHeaders = (source: RecordBytes): RecordHeaders | undefined => {
  const start = source.offset;
  const count = readVarint(source);
  const most = (source.buffer.length - source.offset) / LEAST_HEADER_BYTES;
  const headers: HeaderEntry[] = [];
  for (let left = count; left > 0 && count <= most; left--) {
    const header = readHeader(source);
    if (header === undefined) break;
    headers.push(header);
  }
  if (headers.length === count) return headers;
  source.offset = start;
  return undefined;
};
