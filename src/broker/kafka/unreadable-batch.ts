/** The most one compressed batch may unpack to, bytes: a few kilobytes can claim gigabytes. */
export const MOST_UNPACKED_BYTES = 128 * 1024 * 1024;

/** As much room as a batch gets on its word alone; more only for bytes that are really there. */
const BELIEVED_BYTES = 4 * 1024 * 1024;

/**
 * Compressed records that cannot be unpacked. kafkajs gives up on it (`retriable` is its word), and the consumer says
 * so: reading on would skip them in silence.
 */
export class UnreadableBatch extends Error {
  override readonly name = 'UnreadableBatch';
  readonly retriable = false;
}

/** A view of `length` bytes; {@link UnreadableBatch} when there are fewer. */
export const bytesAt = (input: Buffer, at: number, length: number): Buffer => {
  if (length < 0 || at + length > input.length) throw new UnreadableBatch('compressed records end too early');
  return input.subarray(at, at + length);
};

/** Bytes that are unpacked one piece after the other; later pieces may repeat earlier ones. */
export class Unpacked {
  #bytes: Buffer;
  #length = 0;

  constructor(expectedBytes: number) {
    this.#bytes = Buffer.allocUnsafe(Math.min(Math.max(expectedBytes, 64), BELIEVED_BYTES));
  }

  /** Everything unpacked so far. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Adds bytes as they are. */
  add(piece: Buffer): void {
    this.#makeRoom(piece.length);
    this.#length += piece.copy(this.#bytes, this.#length);
  }

  /** Adds `length` bytes that stand `distance` before the end; they may overlap what is being added. */
  repeat(distance: number, length: number): void {
    if (distance < 1 || distance > this.#length)
      throw new UnreadableBatch('compressed records repeat what is not there');
    this.#makeRoom(length);
    const from = this.#length - distance;
    if (distance >= length) this.#bytes.copy(this.#bytes, this.#length, from, from + length);
    else for (let n = 0; n < length; n++) this.#bytes[this.#length + n] = this.#bytes[from + n] ?? 0;
    this.#length += length;
  }

  #makeRoom(more: number): void {
    const needed = this.#length + more;
    if (needed > MOST_UNPACKED_BYTES) throw new UnreadableBatch('compressed records unpack to too much');
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(
      Math.min(MOST_UNPACKED_BYTES, Math.max(needed, 2 * this.#bytes.length)),
    );
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
