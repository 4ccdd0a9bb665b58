import type { RedisWord } from './redis-connection.ts';

// MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md): what Redis' `cmsgpack` reads in one go.
const ARRAY_32 = 0xdd;
const TEXT_16 = 0xda;
const TEXT_32 = 0xdb;
const MOST_16 = 0xffff;
/** The type and the count of a list; the type and the length of a word. */
const HEAD_BYTES = 5;
/** Calling out to write costs as much as so many characters. */
const SHORT = 96;

/**
 * A list of words as one MessagePack value. A script gets all its keys and words in one argument: a client spends
 * several times as long on a thousand arguments as on their bytes, and the server as well.
 */
export class WordPacker {
  #bytes = Buffer.allocUnsafe(16 * 1024);
  #end = HEAD_BYTES;
  #count = 0;
  /** Where the parts of an open word begin, and how many words stood before it. */
  #opened = 0;
  #countBefore = 0;

  /** So many bytes it is by now. */
  get length(): number {
    return this.#end;
  }

  /** Adds a word to the list. */
  add(word: RedisWord): void {
    this.#count += 1;
    if (typeof word === 'string') this.#addText(word);
    else this.#addBytes(word);
  }

  /** Begins a word that is made of parts: what is added until `close` stands in it, texts as they are, words packed. */
  open(): void {
    this.#reserve(0);
    this.#bytes[this.#end] = TEXT_32;
    this.#end += HEAD_BYTES;
    this.#opened = this.#end;
    this.#countBefore = this.#count;
  }

  /** Adds ASCII to the word that is open, as it is. */
  text(ascii: string): void {
    this.#reserve(ascii.length);
    this.#addAscii(ascii);
  }

  /** Adds a word that is made of two texts of ASCII: cheaper than one that is put together first. */
  addJoined(first: string, second: string): void {
    const length = first.length + second.length;
    this.#count += 1;
    this.#reserve(length);
    this.#addHead(length);
    this.#addAscii(first);
    this.#addAscii(second);
  }

  /** Ends the word that is open. */
  close(): void {
    this.#bytes.writeUInt32BE(this.#end - this.#opened, this.#opened - HEAD_BYTES + 1);
    this.#count = this.#countBefore + 1;
  }

  /** The list, written into `target` from `at`; answers its end. The packer is empty afterwards. */
  moveTo(target: Buffer, at: number): number {
    this.#bytes[0] = ARRAY_32;
    this.#bytes.writeUInt32BE(this.#count, 1);
    const end = at + this.#bytes.copy(target, at, 0, this.#end);
    this.#end = HEAD_BYTES;
    this.#count = 0;
    return end;
  }

  /** Most words are ASCII, with as many bytes as characters: the head is written for that, and mended otherwise. */
  #addText(word: string): void {
    const { length } = word;
    this.#reserve(3 * length);
    const start = this.#end;
    this.#addHead(length);
    const at = this.#end;
    const written = length <= SHORT ? writeAscii(this.#bytes, at, word) : this.#bytes.write(word, at, 'utf8');
    if (written === length) this.#end = at + length;
    else {
      this.#end = start;
      this.#addHead(Buffer.byteLength(word));
      this.#end += this.#bytes.write(word, this.#end, 'utf8');
    }
  }

  #addAscii(ascii: string): void {
    this.#end +=
      ascii.length <= SHORT
        ? writeAscii(this.#bytes, this.#end, ascii)
        : this.#bytes.write(ascii, this.#end, 'latin1');
  }

  #addBytes(word: Buffer): void {
    this.#reserve(word.length);
    this.#addHead(word.length);
    this.#bytes.set(word, this.#end);
    this.#end += word.length;
  }

  #addHead(length: number): void {
    const bytes = this.#bytes;
    const at = this.#end;
    if (length > MOST_16) {
      bytes[at] = TEXT_32;
      this.#end = bytes.writeUInt32BE(length, at + 1);
      return;
    }
    bytes[at] = TEXT_16;
    bytes[at + 1] = length >> 8;
    bytes[at + 2] = length & 0xff;
    this.#end = at + 3;
  }

  #reserve(length: number): void {
    const wanted = this.#end + HEAD_BYTES + length;
    if (wanted <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(wanted, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

/** Writes a text while it is looked at; answers how many characters were ASCII, from the first. */
const writeAscii = (bytes: Uint8Array, at: number, text: string): number => {
  const { length } = text;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code > 127) return index;
    bytes[at + index] = code;
  }
  return length;
};

/** Two lists as one argument: what they hold is the packers' until now. */
export const packTogether = (first: WordPacker, second: WordPacker): Buffer => {
  const packed = Buffer.allocUnsafe(first.length + second.length);
  second.moveTo(packed, first.moveTo(packed, 0));
  return packed;
};
