/** Whether `known` stands in `bytes` from `start`. */
export const isAt = (known: Buffer, bytes: Buffer, start: number): boolean => {
  for (let index = 0; index < known.length; index++) if (known[index] !== bytes[start + index]) return false;
  return true;
};

/**
 * Short texts that come again and again in records: the same bytes are the same text object, which costs a fraction
 * of decoding them anew, and no memory. A fixed number of places, each with the text that was last seen there.
 */
export class TextCache {
  readonly #longest: number;
  readonly #bytes: (Buffer | undefined)[];
  readonly #texts: string[];

  /** Remembers at most `places` texts of at most `longest` bytes. */
  constructor(places: number, longest: number) {
    this.#longest = longest;
    this.#bytes = Array(places).fill(undefined);
    this.#texts = Array(places).fill('');
  }

  /** The text that stands in `bytes` from `start` up to `end`, in UTF-8. */
  at(bytes: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length > this.#longest) return bytes.toString('utf8', start, end);
    const middle = start + (length >> 1);
    const mixed =
      length * 31 + (bytes[middle] ?? 0) * 7 + (bytes[end - 1] ?? 0) * 3 + (bytes[end - 2] ?? 0) * 11;
    const place = mixed % this.#texts.length;
    const known = this.#bytes[place];
    const text = this.#texts[place];
    if (text !== undefined && known?.length === length && isAt(known, bytes, start)) return text;
    const read = bytes.toString('utf8', start, end);
    this.#bytes[place] = Buffer.from(bytes.subarray(start, end));
    this.#texts[place] = read;
    return read;
  }
}
