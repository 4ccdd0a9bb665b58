import { isUtf8 } from 'node:buffer';

/** The bytes are not the schema's. Its message holds no payload. */
export class MalformedBody extends Error {}

const LONGEST_LONG_BYTES = 10;
/** Eight bytes hold 56 bits, of which a double adds up 53 exactly: a larger sum is read again. Fences have eight. */
const EXACT_LONG_BYTES = 8;
const FOUR_BYTES = 2 ** 28;

/**
 * Reads a body for avsc's types in place of avsc's own cursor, which reads on past the end, believes every length, takes
 * numbers of any length, and returns a long below -2^52 as another number. This one leaves the buffer never, and
 * throws {@link MalformedBody} where the bytes end or lie. The method names are those avsc calls.
 */
export class BodyCursor {
  readonly buf: Buffer;
  pos: number;

  /** Reads the body that stands in `bytes` from `from` to their end. */
  constructor(bytes: Buffer, from = 0) {
    this.buf = bytes;
    this.pos = from;
  }

  /** `count` when so many bytes are left, as every item takes at least one. */
  atMostLeft(count: number, what: string): number {
    if (count >= 0 && count <= this.buf.length - this.pos) return count;
    throw new MalformedBody(`${what} is larger than what is left of the body`);
  }

  /** Moves on by `bytes`, and answers where it stood. */
  advance(bytes: number): number {
    const start = this.pos;
    this.pos = start + this.atMostLeft(bytes, 'a length');
    return start;
  }

  readBoolean(): boolean {
    return this.#byte(this.pos++) !== 0;
  }

  skipBoolean(): void {
    this.advance(1);
  }

  readInt(): number {
    const value = this.readLong();
    if (value !== (value | 0)) throw new MalformedBody('an int is out of its range');
    return value;
  }

  skipInt(): void {
    this.skipLong();
  }

  /** Zigzag, variable length, at most ten bytes and 53 bits. */
  readLong(): number {
    const start = this.pos;
    let bits = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte(this.pos++);
      bits |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (bits >> 1) ^ -(bits & 1);
    }
    return this.#readLongerLong(bits, start);
  }

  #readLongerLong(lowBits: number, start: number): number {
    let zigzag = lowBits;
    for (let weight = FOUR_BYTES; this.pos < start + EXACT_LONG_BYTES; weight *= 128) {
      const byte = this.#byte(this.pos++);
      zigzag += (byte & 0x7f) * weight;
      if (byte >= 0x80) continue;
      if (zigzag > Number.MAX_SAFE_INTEGER) break;
      return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    }
    return this.#readLongestLong(start);
  }

  #readLongestLong(start: number): number {
    let zigzag = 0n;
    for (let index = 0; index < LONGEST_LONG_BYTES; index += 1) {
      const byte = this.#byte(start + index);
      zigzag |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte >= 0x80) continue;
      this.pos = start + index + 1;
      return safeNumber((zigzag >> 1n) ^ -(zigzag & 1n));
    }
    throw new MalformedBody('a number has more than ten bytes');
  }

  /** A long that nobody wants may be larger than a number can hold. */
  skipLong(): void {
    const start = this.pos;
    while (this.#byte(this.pos++) >= 0x80) {
      if (this.pos - start >= LONGEST_LONG_BYTES) throw new MalformedBody('a number has more than ten bytes');
    }
  }

  readFloat(): number {
    return this.buf.readFloatLE(this.advance(4));
  }

  skipFloat(): void {
    this.advance(4);
  }

  readDouble(): number {
    return this.buf.readDoubleLE(this.advance(8));
  }

  skipDouble(): void {
    this.advance(8);
  }

  /** A copy: a view would keep the whole fetch alive. */
  readFixed(length: number): Buffer {
    const start = this.advance(length);
    return Buffer.from(this.buf.subarray(start, this.pos));
  }

  skipFixed(length: number): void {
    this.advance(length);
  }

  readBytes(): Buffer {
    return this.readFixed(this.readLong());
  }

  skipBytes(): void {
    this.advance(this.readLong());
  }

  /** Node reads invalid UTF-8 as U+FFFD without a word; a text that holds one is looked at again. */
  readString(): string {
    const start = this.advance(this.readLong());
    const text = this.buf.toString('utf8', start, this.pos);
    if (text.includes('\uFFFD') && !isUtf8(this.buf.subarray(start, this.pos))) {
      throw new MalformedBody('a string is not UTF-8');
    }
    return text;
  }

  skipString(): void {
    this.advance(this.readLong());
  }

  #byte(at: number): number {
    const byte = this.buf[at];
    if (byte === undefined) throw new MalformedBody('the body ends too early');
    return byte;
  }
}

const safeNumber = (value: bigint): number => {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new MalformedBody('a long is beyond 2^53');
};
