import type { HeaderEntry, OutgoingRecord, RecordHeaders } from '../../core/record.ts';

/** What Kafka's format adds to a record that is alone in its batch, rounded up. */
const FRAME_BYTES = 96;
/** Two lengths of a header, rounded up. */
const HEADER_FRAME_BYTES = 4;
/** The length that stands for null. */
const NULL_LENGTH = -1;

const lengthOf = (bytes: Buffer | null): number => bytes?.length ?? NULL_LENGTH;

/**
 * A record's own copy of its bytes, in one piece: a log of many small buffers costs several times the memory and
 * most of the time in garbage collection.
 */
export class PackedRecord {
  /** The size on Kafka's wire, within a few bytes and never below. */
  readonly wireBytes: number;
  readonly #bytes: Buffer;
  readonly #headerNames: readonly string[];
  /** Of the key, the value and each header, in the order they stand in the bytes. */
  readonly #lengths: readonly number[];

  constructor({ key, value, headers }: Pick<OutgoingRecord, 'key' | 'value' | 'headers'>) {
    const parts = [key, value, ...headers.map(([, bytes]) => bytes)];
    this.#headerNames = headers.map(([name]) => name);
    this.#lengths = parts.map(lengthOf);
    this.#bytes = Buffer.concat(parts.filter((part) => part !== null));
    const frames = FRAME_BYTES + headers.length * HEADER_FRAME_BYTES;
    this.wireBytes = this.#headerNames.reduce(
      (sum, name) => sum + Buffer.byteLength(name),
      frames + this.#bytes.length,
    );
  }

  /** A fresh copy, so that no reader can change the log. */
  unpack(): { key: Buffer | null; value: Buffer | null; headers: RecordHeaders } {
    const bytes = Buffer.from(this.#bytes);
    let at = 0;
    let part = 0;
    const next = (): Buffer | null => {
      const length = this.#lengths[part] ?? NULL_LENGTH;
      part += 1;
      if (length === NULL_LENGTH) return null;
      at += length;
      return bytes.subarray(at - length, at);
    };
    const key = next();
    const value = next();
    return { key, value, headers: this.#headerNames.map((name): HeaderEntry => [name, next()]) };
  }
}
