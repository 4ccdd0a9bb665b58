/// <reference lib="es2024.string" />
import avsc from 'avsc';
import { type BodyCursor, MalformedBody } from './body-cursor.ts';

/**
 * avsc's types with what they believe taken away: four bytes that claim 60 million items freeze the process for
 * seconds, a block of negative size is skipped backwards for ever, a map key `__proto__` changes the map's prototype.
 * They take the place of avsc's own for our schemas and writers' by `typeHook`, so avsc stays as it is for whoever else
 * uses it in the process.
 */

/** What a type and a resolver have in common. */
export interface ItemReader {
  _read(cursor: BodyCursor): unknown;
}

interface ItemType extends ItemReader {
  _skip(cursor: BodyCursor): void;
  _write(tap: Tap, value: unknown): void;
}

/** avsc's cursor for writing: past the end it writes nothing and counts on. */
interface Tap {
  readonly buf: Buffer;
  pos: number;
  writeLong(value: number): void;
  writeString(text: string): void;
}

type ErrorHook = (value: unknown, type: avsc.Type) => void;

/** Reads a block's count; a negative one has the block's size in bytes behind it. 0 ends the blocks. */
const readBlockCount = (cursor: BodyCursor): number => {
  const count = cursor.readLong();
  if (count >= 0) return cursor.atMostLeft(count, 'a count of items');
  cursor.atMostLeft(cursor.readLong(), 'the size of a block');
  return cursor.atMostLeft(-count, 'a count of items');
};

/** Skips blocks, jumping over those that tell their size, never backwards. */
const skipBlocks = (cursor: BodyCursor, skipItem: () => void): void => {
  for (let count = cursor.readLong(); count !== 0; count = cursor.readLong()) {
    if (count < 0) cursor.advance(cursor.readLong());
    else for (let left = cursor.atMostLeft(count, 'a count of items'); left > 0; left -= 1) skipItem();
  }
};

class GuardedArrayType extends avsc.types.ArrayType {
  _read(this: { readonly itemsType: ItemReader }, cursor: BodyCursor): unknown[] {
    const items: unknown[] = [];
    for (let left = readBlockCount(cursor); left > 0; left = readBlockCount(cursor)) {
      for (; left > 0; left -= 1) items.push(this.itemsType._read(cursor));
    }
    return items;
  }

  _skip(this: { readonly itemsType: ItemType }, cursor: BodyCursor): void {
    skipBlocks(cursor, () => this.itemsType._skip(cursor));
  }
}

class GuardedMapType extends avsc.types.MapType {
  _read(this: { readonly valuesType: ItemReader }, cursor: BodyCursor): Record<string, unknown> {
    const entries: Record<string, unknown> = {};
    for (let left = readBlockCount(cursor); left > 0; left = readBlockCount(cursor)) {
      for (; left > 0; left -= 1) setEntry(entries, cursor.readString(), this.valuesType._read(cursor));
    }
    return entries;
  }

  _skip(this: { readonly valuesType: ItemType }, cursor: BodyCursor): void {
    skipBlocks(cursor, () => {
      cursor.skipString();
      this.valuesType._skip(cursor);
    });
  }

  _write(this: { readonly valuesType: ItemType }, tap: Tap, value: unknown): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('not a map');
    const entries = Object.entries(value);
    if (entries.length > 0) tap.writeLong(entries.length);
    for (const [key, item] of entries) {
      tap.writeString(key.toWellFormed());
      this.valuesType._write(tap, item);
    }
    tap.writeLong(0);
  }
}

/** Assigning `__proto__` would set the prototype and lose the entry. */
const setEntry = (entries: Record<string, unknown>, key: string, value: unknown): void => {
  if (key !== '__proto__') entries[key] = value;
  else Object.defineProperty(entries, key, { value, enumerable: true, configurable: true, writable: true });
};

class GuardedStringType extends avsc.types.StringType {
  /** avsc writes half a surrogate pair (a text cut inside an emoji) as bytes that are no UTF-8. */
  _write(tap: Tap, value: unknown): void {
    if (typeof value !== 'string') throw new TypeError('not a string');
    tap.writeString(value.toWellFormed());
  }
}

/** Beyond it avsc's arithmetic, twice the number in a double, is wrong: -(2^52 + 1) came back as 2^52. */
const AVSC_LONG_LIMIT = 2 ** 52;

class GuardedLongType extends avsc.types.LongType {
  _check(value: unknown, _flags: unknown, hook?: ErrorHook): boolean {
    const valid = Number.isSafeInteger(value);
    if (!valid) hook?.(value, this);
    return valid;
  }

  _read(cursor: BodyCursor): number {
    return cursor.readLong();
  }

  _write(tap: Tap, value: unknown): void {
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new TypeError('not a long');
    if (Math.abs(value) < AVSC_LONG_LIMIT) tap.writeLong(value);
    else writeExactLong(tap, BigInt(value));
  }
}

const writeExactLong = (tap: Tap, value: bigint): void => {
  let zigzag = (value << 1n) ^ (value >> 63n);
  for (; zigzag > 0x7fn; zigzag >>= 7n) tap.buf[tap.pos++] = Number(zigzag & 0x7fn) | 0x80;
  tap.buf[tap.pos++] = Number(zigzag);
};

/** avsc looks symbols up in an object: `constructor` and `['FREE']` would pass for symbols. */
class GuardedEnumType extends avsc.types.EnumType {
  _check(value: unknown, _flags: unknown, hook?: ErrorHook): boolean {
    const valid = typeof value === 'string' && this.symbols.includes(value);
    if (!valid) hook?.(value, this);
    return valid;
  }

  _write(tap: Tap, value: unknown): void {
    const index = typeof value === 'string' ? this.symbols.indexOf(value) : -1;
    if (index < 0) throw new TypeError('not a symbol');
    tap.writeLong(index);
  }
}

/** Its values are plain objects: spread, `toStrictEqual` and structured clone work as for any literal. */
class PlainRecordType extends avsc.types.RecordType {
  constructor(schema: avsc.Schema, options: unknown) {
    super(schema, options);
    this.recordConstructor.prototype = Object.prototype;
  }
}

const STRING = new GuardedStringType();
const LONG = new GuardedLongType();

const guardedType = (schema: avsc.Schema, options: unknown): avsc.Type | undefined => {
  switch (typeof schema === 'object' && 'type' in schema ? schema.type : schema) {
    case 'string':
      return STRING;
    case 'long':
      return LONG;
    case 'array':
      return new GuardedArrayType(schema, options);
    case 'map':
      return new GuardedMapType(schema, options);
    case 'enum':
      return new GuardedEnumType(schema, options);
    case 'record':
      return new PlainRecordType(schema, options);
    default:
      return undefined;
  }
};

/** How unions appear as values: `never` raw, `always` wrapped. Writers' types are never read into values. */
export type UnionStyle = 'never' | 'always';

/** An avsc type made of guarded types. Throws avsc's own errors when the schema is not Avro. */
export const guardedAvroType = (schema: avsc.Schema, wrapUnions: UnionStyle): avsc.Type =>
  avsc.Type.forSchema(schema, {
    wrapUnions,
    omitRecordMethods: true,
    typeHook: (inner, options) => guardedType(inner, options),
  });

/** avsc's resolvers from a writer's type to a reader's; made by the reader's `createResolver`. */
export type Resolver = ReturnType<avsc.Type['createResolver']>;

/**
 * `_read` is what avsc's own `fromBuffer` calls; it is called directly, to put our cursor in the place of avsc's.
 */
export const itemReader = (reader: avsc.Type | Resolver): ItemReader => {
  if (hasRead(reader)) return reader;
  throw new TypeError('avsc has another inside than the version this was written for');
};

const hasRead = (reader: object): reader is ItemReader =>
  '_read' in reader && typeof reader._read === 'function';

/** Reads one whole body. Throws {@link MalformedBody}, or whatever the bytes make avsc throw. */
export const readWholeBody = (reader: ItemReader, cursor: BodyCursor): unknown => {
  const value = reader._read(cursor);
  if (cursor.pos < cursor.buf.length) throw new MalformedBody('there are bytes behind the record');
  return value;
};
