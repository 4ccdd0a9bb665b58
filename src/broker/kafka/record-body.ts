import type { OutgoingRecord } from '../../core/record.ts';
import { varintSize, writeVarint } from './varint.ts';

/** What stands in a record beside its time. */
export type RecordContent = Pick<OutgoingRecord, 'key' | 'value' | 'headers'>;

/** The longest varint of a length. */
const LENGTH_BYTES = 5;
const NULL_LENGTH = -1;
/** Below this a loop is faster than the call of `set`. */
const SHORT_BYTES = 24;
/** A name of so many characters, all ASCII, has a length of one byte. */
const SHORT_NAME = 63;

/** Bytes a body takes at most: cheap to find, and close where names of headers are short. */
export const mostBodyBytes = ({ key, value, headers }: RecordContent): number => {
  let most = 3 * LENGTH_BYTES + (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
  for (let index = 0; index < headers.length; index++) {
    const header = headers[index];
    if (header === undefined) continue;
    most += 2 * LENGTH_BYTES + 3 * header[0].length + (header[1] === null ? 0 : header[1].length);
  }
  return most;
};

/** How many bytes key, value and headers have, about. */
export const contentBytes = ({ key, value, headers }: RecordContent): number => {
  let bytes = (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
  for (let index = 0; index < headers.length; index++) {
    const header = headers[index];
    if (header !== undefined) bytes += header[0].length + (header[1] === null ? 0 : header[1].length);
  }
  return bytes;
};

const writeBytes = (target: Uint8Array, pos: number, bytes: Uint8Array | null): number => {
  if (bytes === null) return writeVarint(target, pos, NULL_LENGTH);
  const { length } = bytes;
  const at = writeVarint(target, pos, length);
  if (length > SHORT_BYTES) target.set(bytes, at);
  else for (let index = 0; index < length; index++) target[at + index] = bytes[index] ?? 0;
  return at + length;
};

const writeLongName = (target: Buffer, pos: number, name: string): number => {
  const at = writeVarint(target, pos, Buffer.byteLength(name));
  return at + target.write(name, at, 'utf8');
};

/** Most names are short and ASCII: such a one is written while it is looked at. */
const writeName = (target: Buffer, pos: number, name: string): number => {
  const { length } = name;
  if (length > SHORT_NAME) return writeLongName(target, pos, name);
  for (let index = 0; index < length; index++) {
    const code = name.charCodeAt(index);
    if (code > 127) return writeLongName(target, pos, name);
    target[pos + 1 + index] = code;
  }
  target[pos] = 2 * length;
  return pos + 1 + length;
};

/**
 * Writes key, value and headers at `pos`, which has {@link mostBodyBytes} behind it, and returns the position behind
 * them. Headers keep their order, repeated names and null values, which the client's own encoder cannot.
 */
export const writeBody = (target: Buffer, pos: number, { key, value, headers }: RecordContent): number => {
  let at = writeBytes(target, pos, key);
  at = writeBytes(target, at, value);
  at = writeVarint(target, at, headers.length);
  for (let index = 0; index < headers.length; index++) {
    const header = headers[index];
    if (header === undefined) continue;
    at = writeName(target, at, header[0]);
    at = writeBytes(target, at, header[1]);
  }
  return at;
};

const owned = (bytes: Buffer | null): Buffer | null => (bytes === null ? null : Buffer.from(bytes));

/** The same record, whatever the caller does to its buffers later. */
export const ownRecord = (record: OutgoingRecord): OutgoingRecord => ({
  ...record,
  ...(record.partitionKey === undefined ? {} : { partitionKey: Buffer.from(record.partitionKey) }),
  key: owned(record.key),
  value: owned(record.value),
  headers: record.headers.map(([name, bytes]) => [name, owned(bytes)] as const),
});

/** Moves what stands at `pos + 2` to behind the varint of its length, which is two bytes long for 64 to 8,191. */
export const closeLength = (target: Buffer, pos: number, end: number): number => {
  const length = end - pos - 2;
  const size = varintSize(length);
  if (size !== 2) target.copyWithin(pos + size, pos + 2, end);
  writeVarint(target, pos, length);
  return pos + size + length;
};
