import { type ByteSource, PackedHeaders, readVarint, skipHeaders } from '../../core/packed-headers.ts';
import type { ConsumedRecord, RecordHeaders } from '../../core/record.ts';

/** The bytes are not what this client reads: they are left to kafkajs. */
export class OddBytes extends Error {}

/** What the records of one batch on the wire have in common; kafkajs finds aborted transactions by it. */
export interface BatchContext {
  readonly topic: string;
  readonly partition: number;
  readonly producerId: string;
  readonly inTransaction: boolean;
  readonly isControl: boolean;
}

/** In the place of a length: it is null. */
const NONE = -1;

/** Moves behind a key or a value, and answers its length. */
const skipBytes = (source: ByteSource): number => {
  const length = readVarint(source);
  if (length > 0) source.offset += length;
  else if (length !== 0 && length !== NONE) throw new OddBytes('a length is odd');
  return length;
};

/** Records of more bytes have a buffer of their own. */
const MOST_SHARED_BYTES = 4 * 1024;
/**
 * Short records are copied into shared buffers, so that a copy is no object. One that is kept for long pins no more than
 * such a buffer, as large as those of Node's own pool.
 */
const SHARED_BYTES = 8 * 1024;
let shared = Buffer.allocUnsafeSlow(SHARED_BYTES);
let sharedUsed = 0;

/**
 * A record as it stands on the wire: the offset and the time are read, key and value are views made when somebody asks,
 * headers stay packed. kafkajs takes it for a message of its own.
 */
export class FetchedRecord implements ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly batchContext: BatchContext;
  /** Key, value and headers, and whatever was fetched with them until it is detached. */
  #wire: Buffer;
  #keyAt: number;
  readonly #keyLength: number;
  #valueAt: number;
  readonly #valueLength: number;
  #headersAt: number;
  #end: number;
  #isDetached = false;

  /**
   * Reads the record whose key's length `source` stands at, and moves on behind its headers.
   *
   * @throws OddBytes when they are no record.
   */
  constructor(batch: BatchContext, offset: bigint, timestampMs: number, source: ByteSource) {
    this.topic = batch.topic;
    this.partition = batch.partition;
    this.offset = offset;
    this.timestampMs = timestampMs;
    this.batchContext = batch;
    this.#wire = source.buffer;
    this.#keyLength = skipBytes(source);
    this.#keyAt = source.offset - Math.max(0, this.#keyLength);
    this.#valueLength = skipBytes(source);
    this.#valueAt = source.offset - Math.max(0, this.#valueLength);
    this.#headersAt = source.offset;
    if (!skipHeaders(source)) throw new OddBytes('headers are odd');
    this.#end = source.offset;
  }

  get isControlRecord(): boolean {
    return this.batchContext.isControl;
  }

  get key(): Buffer | null {
    return this.#keyLength === NONE ? null : this.#wire.subarray(this.#keyAt, this.#keyAt + this.#keyLength);
  }

  get value(): Buffer | null {
    const at = this.#valueAt;
    return this.#valueLength === NONE ? null : this.#wire.subarray(at, at + this.#valueLength);
  }

  get headers(): RecordHeaders {
    return this.packed.list();
  }

  get packed(): PackedHeaders {
    return new PackedHeaders(this.#wire, this.#headersAt);
  }

  get bytes(): number {
    return Math.max(0, this.#keyLength) + Math.max(0, this.#valueLength);
  }

  detach(): ConsumedRecord {
    if (this.#isDetached) return this;
    this.#isDetached = true;
    const length = this.#end - this.#keyAt;
    if (length > MOST_SHARED_BYTES) this.#moveTo(Buffer.allocUnsafeSlow(length), 0);
    else {
      if (sharedUsed + length > SHARED_BYTES) {
        shared = Buffer.allocUnsafeSlow(SHARED_BYTES);
        sharedUsed = 0;
      }
      this.#moveTo(shared, sharedUsed);
      sharedUsed += length;
    }
    return this;
  }

  #moveTo(target: Buffer, at: number): void {
    this.#wire.copy(target, at, this.#keyAt, this.#end);
    const by = at - this.#keyAt;
    this.#wire = target;
    this.#keyAt += by;
    this.#valueAt += by;
    this.#headersAt += by;
    this.#end += by;
  }
}
