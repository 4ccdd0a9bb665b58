/// <reference lib="es2024.string" />

/**
 * Writers of single values for compiled encoders. Each checks the value's type as it writes and answers the position
 * behind it, or {@link NOT_WRITTEN}. Past the end of the target nothing is written, but the position counts on.
 */

/** The value is not of the type, or does not fit, or is a rare one: the other way of writing has to judge it. */
export const NOT_WRITTEN = -1;

/** Longest text that is written by a loop, UTF-16 units; its length takes one byte. */
const SHORT_TEXT = 24;
/** Longest varint of a length. */
const LENGTH_BYTES = 5;
const LOW_28_BITS = 2 ** 28;
/** Beyond it a doubled number is not exact. */
const LONG_LIMIT = 2 ** 52;

/** Zigzag of a number that fits 31 bits with its sign. */
const writeSmall = (target: Uint8Array, pos: number, value: number): number => {
  let left = (value << 1) ^ (value >> 31);
  let at = pos;
  while (left > 127) {
    target[at++] = (left & 127) | 128;
    left >>>= 7;
  }
  target[at++] = left;
  return at;
};

const writeLarge = (target: Uint8Array, pos: number, value: number): number => {
  const zigzag = value < 0 ? -2 * value - 1 : 2 * value;
  let left = Math.floor(zigzag / LOW_28_BITS);
  let low = zigzag - left * LOW_28_BITS;
  for (let at = pos; at < pos + 4; at++) {
    target[at] = (low & 127) | 128;
    low >>>= 7;
  }
  let at = pos + 4;
  while (left > 127) {
    target[at++] = (left & 127) | 128;
    left >>>= 7;
  }
  target[at++] = left;
  return at;
};

/** Any safe integer but the very largest. */
export const writeLong = (target: Uint8Array, pos: number, value: unknown): number => {
  if (typeof value !== 'number') return NOT_WRITTEN;
  if (value === (value | 0) && value >= -(2 ** 27) && value < 2 ** 27) return writeSmall(target, pos, value);
  if (!Number.isInteger(value) || value <= -LONG_LIMIT || value >= LONG_LIMIT) return NOT_WRITTEN;
  const isLarge = value >= 2 ** 27 || value < -(2 ** 27);
  return isLarge ? writeLarge(target, pos, value) : NOT_WRITTEN;
};

export const writeInt = (target: Uint8Array, pos: number, value: unknown): number =>
  typeof value === 'number' && value === (value | 0) ? writeLong(target, pos, value) : NOT_WRITTEN;

export const writeBoolean = (target: Uint8Array, pos: number, value: unknown): number => {
  if (typeof value !== 'boolean') return NOT_WRITTEN;
  target[pos] = value ? 1 : 0;
  return pos + 1;
};

/** Its own buffer throws past the end, which is caught where encoders are called. */
export const writeDouble = (target: Buffer, pos: number, value: unknown): number =>
  typeof value === 'number' ? target.writeDoubleLE(value, pos) : NOT_WRITTEN;

export const writeFloat = (target: Buffer, pos: number, value: unknown): number =>
  typeof value === 'number' ? target.writeFloatLE(value, pos) : NOT_WRITTEN;

export const writeBytes = (target: Buffer, pos: number, value: unknown): number => {
  if (!Buffer.isBuffer(value) || pos + LENGTH_BYTES + value.length > target.length) return NOT_WRITTEN;
  const at = writeSmall(target, pos, value.length);
  target.set(value, at);
  return at + value.length;
};

/** A text that is not ASCII, or has a lone surrogate. */
const writeUtf8 = (target: Buffer, pos: number, text: string): number => {
  const wellFormed = text.toWellFormed();
  const length = Buffer.byteLength(wellFormed);
  if (pos + LENGTH_BYTES + length > target.length) return NOT_WRITTEN;
  const at = writeSmall(target, pos, length);
  return at + target.write(wellFormed, at, length, 'utf8');
};

/** Short ones are written while they are looked at: calling out costs as much as some thirty characters. */
const writeShort = (target: Buffer, pos: number, text: string): number => {
  const { length } = text;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code > 127) return writeUtf8(target, pos, text);
    target[pos + 1 + index] = code;
  }
  target[pos] = 2 * length;
  return pos + 1 + length;
};

/** Most texts are ASCII, with as many bytes as characters: one that turns out to be longer is written again. */
export const writeText = (target: Buffer, pos: number, value: unknown): number => {
  if (typeof value !== 'string') return NOT_WRITTEN;
  const { length } = value;
  if (length <= SHORT_TEXT) return writeShort(target, pos, value);
  if (pos + LENGTH_BYTES + 3 * length > target.length) return writeUtf8(target, pos, value);
  const at = writeSmall(target, pos, length);
  const bytes = target.write(value, at, 'utf8');
  return bytes === length ? at + length : writeUtf8(target, pos, value);
};

export const writeSymbol = (
  target: Uint8Array,
  pos: number,
  value: unknown,
  symbols: readonly string[],
): number => {
  const index = typeof value === 'string' ? symbols.indexOf(value) : -1;
  return index < 0 ? NOT_WRITTEN : writeSmall(target, pos, index);
};

/** Writes one value; what arrays and maps are made of. */
export type ItemWriter = (target: Buffer, pos: number, value: unknown) => number;

export const writeArray = (target: Buffer, pos: number, value: unknown, writeItem: ItemWriter): number => {
  if (!Array.isArray(value)) return NOT_WRITTEN;
  let at = value.length > 0 ? writeSmall(target, pos, value.length) : pos;
  for (let index = 0; index < value.length && at >= 0; index++) at = writeItem(target, at, value[index]);
  return at < 0 ? NOT_WRITTEN : endBlocks(target, at);
};

/** Most maps are empty, and looking into them makes no list of keys. */
const hasNothing = (value: object): boolean => {
  for (const _ in value) return false;
  return true;
};

export const writeMap = (target: Buffer, pos: number, value: unknown, writeItem: ItemWriter): number => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return NOT_WRITTEN;
  if (hasNothing(value)) return endBlocks(target, pos);
  const entries: Readonly<Record<string, unknown>> = Object(value);
  const keys = Object.keys(entries);
  let at = keys.length > 0 ? writeSmall(target, pos, keys.length) : pos;
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] ?? '';
    at = writeText(target, at, key);
    if (at >= 0) at = writeItem(target, at, entries[key]);
    if (at < 0) return NOT_WRITTEN;
  }
  return endBlocks(target, at);
};

const endBlocks = (target: Uint8Array, pos: number): number => {
  target[pos] = 0;
  return pos + 1;
};

/** A record's value: any object that is no list and no bytes. */
export const isRecord = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
