/// <reference lib="es2024.string" />
import { isUtf8 } from 'node:buffer';
import avsc from 'avsc';

/**
 * avsc trusts what it reads: four bytes that claim 60 million items freeze the process for seconds, a block of
 * negative length skips backwards for ever, a map key `__proto__` changes the map's prototype. These types take the
 * place of avsc's own for every schema of ours and of writers, through `typeHook`, so avsc itself stays as it is for
 * whoever else uses it in the process.
 */

/** avsc's cursor over a buffer. It reads past the end without an error: `within` is the check. */
interface Tap {
  readonly buf: Buffer;
  pos: number;
  readLong(): number;
  readInt(): number;
  readString(): string | undefined;
  writeLong(value: number): void;
  writeString(text: string): void;
}

/** What a type and a resolver have in common. */
interface ItemReader {
  _read(tap: Tap): unknown;
}

interface ItemType extends ItemReader {
  _skip(tap: Tap): void;
  _write(tap: Tap, value: unknown): void;
}

/** The bytes are not the schema's. Its message holds no payload. */
export class MalformedBody extends Error {}

/** Throws when the cursor has left the buffer (NaN included). Every loop over items calls it at each step. */
const within = (tap: Tap): void => {
  if (!(tap.pos <= tap.buf.length)) throw new MalformedBody('the body ends too early');
};

/** A count of items or bytes can be at most the bytes that are left: no item of the subset takes none. */
const atMostLeft = (count: number, tap: Tap, what: string): number => {
  if (count >= 0 && count <= tap.buf.length - tap.pos) return count;
  throw new MalformedBody(`${what} is larger than what is left of the body`);
};

/** Reads a block's count; a negative one has the block's size in bytes behind it. 0 ends the blocks. */
const readBlockCount = (tap: Tap): number => {
  const count = tap.readLong();
  if (!(count < 0)) return atMostLeft(count, tap, 'a count of items');
  atMostLeft(tap.readLong(), tap, 'the size of a block');
  return atMostLeft(-count, tap, 'a count of items');
};

/** `tap.pos += tap.readLong()` would forget the bytes of the number itself: the left side is read first. */
const jump = (tap: Tap, what: string): void => {
  const bytes = atMostLeft(tap.readLong(), tap, what);
  tap.pos += bytes;
};

/** Skips blocks, jumping over those that tell their size, never backwards. */
const skipBlocks = (tap: Tap, skipItem: () => void): void => {
  for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
    if (count < 0) {
      jump(tap, 'the size of a block');
      continue;
    }
    for (let left = atMostLeft(count, tap, 'a count of items'); left > 0; left -= 1) {
      skipItem();
      within(tap);
    }
  }
};

class GuardedArrayType extends avsc.types.ArrayType {
  _read(this: { readonly itemsType: ItemReader }, tap: Tap): unknown[] {
    const items: unknown[] = [];
    for (let left = readBlockCount(tap); left > 0; left = readBlockCount(tap)) {
      for (; left > 0; left -= 1) {
        items.push(this.itemsType._read(tap));
        within(tap);
      }
    }
    return items;
  }

  _skip(this: { readonly itemsType: ItemType }, tap: Tap): void {
    skipBlocks(tap, () => this.itemsType._skip(tap));
  }
}

class GuardedMapType extends avsc.types.MapType {
  _read(this: { readonly valuesType: ItemReader }, tap: Tap): Record<string, unknown> {
    const entries: Record<string, unknown> = {};
    for (let left = readBlockCount(tap); left > 0; left = readBlockCount(tap)) {
      for (; left > 0; left -= 1) {
        const key = readText(tap);
        setEntry(entries, key, this.valuesType._read(tap));
        within(tap);
      }
    }
    return entries;
  }

  _skip(this: { readonly valuesType: ItemType }, tap: Tap): void {
    skipBlocks(tap, () => {
      jump(tap, 'a length');
      this.valuesType._skip(tap);
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

/** Node reads invalid UTF-8 as U+FFFD without a word; a text that holds one is looked at again. */
const readText = (tap: Tap): string => {
  const start = tap.pos;
  const text = tap.readString();
  if (text === undefined || !(tap.pos <= tap.buf.length)) throw new MalformedBody('the body ends too early');
  if (text.includes('\uFFFD')) requireUtf8(tap, start);
  return text;
};

const requireUtf8 = (tap: Tap, start: number): void => {
  const end = tap.pos;
  tap.pos = start;
  tap.readLong();
  if (!isUtf8(tap.buf.subarray(tap.pos, end))) throw new MalformedBody('a string is not UTF-8');
  tap.pos = end;
};

class GuardedStringType extends avsc.types.StringType {
  _read(tap: Tap): string {
    return readText(tap);
  }

  /** avsc writes half a surrogate pair (a text cut inside an emoji) as bytes that are no UTF-8. */
  _write(tap: Tap, value: unknown): void {
    if (typeof value !== 'string') throw new TypeError('not a string');
    tap.writeString(value.isWellFormed() ? value : value.toWellFormed());
  }
}

class GuardedIntType extends avsc.types.IntType {
  _read(tap: Tap): number {
    const value = tap.readInt();
    if (value !== (value | 0)) throw new MalformedBody('an int is out of its range');
    return value;
  }
}

/** Beyond it avsc's arithmetic, twice the number in a double, is wrong: -(2^52 + 1) came back as 2^52. */
const AVSC_LONG_LIMIT = 2 ** 52;
const LONGEST_LONG_BYTES = 10;

class GuardedLongType extends avsc.types.LongType {
  _check(value: unknown, _flags: unknown, hook?: (value: unknown, type: avsc.Type) => void): boolean {
    const valid = Number.isSafeInteger(value);
    if (!valid) hook?.(value, this);
    return valid;
  }

  _read(tap: Tap): number {
    const start = tap.pos;
    const value = tap.readLong();
    return Math.abs(value) < AVSC_LONG_LIMIT ? value : readExactLong(tap, start);
  }

  _write(tap: Tap, value: unknown): void {
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new TypeError('not a long');
    if (Math.abs(value) < AVSC_LONG_LIMIT) tap.writeLong(value);
    else writeExactLong(tap, BigInt(value));
  }
}

const readExactLong = (tap: Tap, start: number): number => {
  within(tap);
  const bytes = tap.buf.subarray(start, tap.pos);
  if (bytes.length > LONGEST_LONG_BYTES) throw new MalformedBody('a long has more than ten bytes');
  let zigzag = 0n;
  for (const [index, byte] of bytes.entries()) zigzag |= BigInt(byte & 0x7f) << BigInt(7 * index);
  const value = Number((zigzag >> 1n) ^ -(zigzag & 1n));
  if (!Number.isSafeInteger(value)) throw new MalformedBody('a long is beyond 2^53');
  return value;
};

const writeExactLong = (tap: Tap, value: bigint): void => {
  let zigzag = (value << 1n) ^ (value >> 63n);
  for (; zigzag > 0x7fn; zigzag >>= 7n) tap.buf[tap.pos++] = Number(zigzag & 0x7fn) | 0x80;
  tap.buf[tap.pos++] = Number(zigzag);
};

/** avsc looks symbols up in an object: `constructor` and `['FREE']` would pass for symbols. */
class GuardedEnumType extends avsc.types.EnumType {
  _check(value: unknown, _flags: unknown, hook?: (value: unknown, type: avsc.Type) => void): boolean {
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
const INT = new GuardedIntType();
const LONG = new GuardedLongType();

const guardedType = (schema: avsc.Schema, options: unknown): avsc.Type | undefined => {
  switch (typeof schema === 'object' && 'type' in schema ? schema.type : schema) {
    case 'string':
      return STRING;
    case 'int':
      return INT;
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
