import { isAt } from './text-cache.ts';

/** Of no interest. */
const OTHER = -1;
/** A power of two. */
const PLACES = 256;
const LONGEST_REMEMBERED = 64;

const placeOf = (bytes: Buffer, start: number, end: number): number => {
  const length = end - start;
  const middle = bytes[start + (length >> 1)] ?? 0;
  return (length + middle * 3 + (bytes[end - 1] ?? 0) * 11 + (bytes[end - 2] ?? 0)) & (PLACES - 1);
};

/**
 * Numbers of names, in any case, found by the bytes of a name without making its text. Each name has a place of its
 * own; the places left remember other names, so that none is decoded for every record.
 */
export class NameNumbers {
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #taken: boolean[] = Array(PLACES).fill(false);
  readonly #bytes: (Buffer | undefined)[] = Array(PLACES).fill(undefined);
  readonly #found: number[] = Array(PLACES).fill(OTHER);

  /** `numbers`: by lower-case name. */
  constructor(numbers: Readonly<Record<string, number>>) {
    this.#numbers = new Map(Object.entries(numbers));
    for (const [name, number] of this.#numbers) {
      const bytes = Buffer.from(name);
      const place = placeOf(bytes, 0, bytes.length);
      this.#remember(place, bytes, number);
      this.#taken[place] = true;
    }
  }

  /** The number of the name that stands in `bytes` from `start` up to `end`, in UTF-8; below 0 when it has none. */
  at(bytes: Buffer, start: number, end: number): number {
    const place = placeOf(bytes, start, end);
    const known = this.#bytes[place];
    if (known !== undefined && known.length === end - start && isAt(known, bytes, start))
      return this.#found[place] ?? OTHER;
    const name = bytes.toString('utf8', start, end);
    const number = this.#numbers.get(name) ?? this.#numbers.get(name.toLowerCase()) ?? OTHER;
    if (this.#taken[place] === false && end - start <= LONGEST_REMEMBERED)
      this.#remember(place, Buffer.from(bytes.subarray(start, end)), number);
    return number;
  }

  #remember(place: number, bytes: Buffer, number: number): void {
    this.#bytes[place] = bytes;
    this.#found[place] = number;
  }
}
