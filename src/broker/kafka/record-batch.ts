import { crc32c } from './crc32c.ts';
import { closeLength, mostBodyBytes, type RecordContent, writeBody } from './record-body.ts';
import { readVarint, writeVarint } from './varint.ts';

/** Bytes of a record batch before its first record (format version 2). */
const BATCH_HEADER_BYTES = 61;
/** Everything from here on is covered by the checksum. */
const CHECKED_FROM = 21;
/** What a record has before its body, at most: its length, attributes, time and place. */
const MOST_FRONT_BYTES = 5 + 1 + 8 + 5;
/** Room of a new batch, bytes: where few records come, each leaves in a batch of its own. */
const FIRST_CAPACITY = 1_024;

/** Most of one batch: Kafka refuses more than 1 MiB by default, and larger batches gain nothing. */
const MOST_RECORDS = 1_000;
const MOST_BYTES = 900 * 1024;

/** Who writes a batch and which sequence number its first record has: what makes a repeat recognisable. */
export interface BatchStamp {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

/** A record of a batch: its time, and key, value and headers as they stand on the wire. */
export interface WrittenRecord {
  readonly timestampMs: number;
  readonly body: Buffer;
}

/**
 * One uncompressed record batch that grows: records are encoded as they come, straight into its bytes, so that nothing
 * done to their buffers later is written, and no record costs a buffer of its own.
 */
export class RecordBatch {
  #bytes = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  #end = BATCH_HEADER_BYTES;
  #count = 0;
  #baseTimestampMs = 0;
  #latestMs = 0;

  /** A batch of records that stood in another one. */
  static of(records: readonly WrittenRecord[]): RecordBatch {
    const batch = new RecordBatch();
    for (const { body, timestampMs } of records) {
      batch.#reserve(body.length);
      const start = batch.#end;
      const at = batch.#writeFront(timestampMs);
      batch.#bytes.set(body, at);
      batch.#end = closeLength(batch.#bytes, start, at + body.length);
    }
    return batch;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes in memory, used or not. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** Encodes a record; answers false, and does nothing, when the batch is full. An empty batch takes any record. */
  add(content: RecordContent, timestampMs: number): boolean {
    const bodyBytes = mostBodyBytes(content);
    if (this.#isFull(bodyBytes)) return false;
    this.#reserve(bodyBytes);
    const start = this.#end;
    const at = this.#writeFront(timestampMs);
    this.#end = closeLength(this.#bytes, start, writeBody(this.#bytes, at, content));
    return true;
  }

  /** The records, as views into this batch. */
  records(): readonly WrittenRecord[] {
    const records: WrittenRecord[] = [];
    for (let pos = BATCH_HEADER_BYTES; pos < this.#end; ) {
      const length = readVarint(this.#bytes, pos);
      const delta = readVarint(this.#bytes, length.end + 1);
      const place = readVarint(this.#bytes, delta.end);
      pos = length.end + length.value;
      const body = this.#bytes.subarray(place.end, pos);
      records.push({ timestampMs: this.#baseTimestampMs + delta.value, body });
    }
    return records;
  }

  /** The bytes, not valid until {@link stampBatch} was called; views: add nothing while they are used. */
  seal(): Buffer {
    const batch = this.#bytes.subarray(0, this.#end);
    batch.fill(0, 0, BATCH_HEADER_BYTES);
    batch.writeInt32BE(batch.length - 12, 8);
    batch.writeInt32BE(-1, 12);
    batch.writeInt8(2, 16);
    batch.writeInt32BE(this.#count - 1, 23);
    batch.writeBigInt64BE(BigInt(this.#baseTimestampMs), 27);
    batch.writeBigInt64BE(BigInt(this.#latestMs), 35);
    batch.writeInt32BE(this.#count, 57);
    return batch;
  }

  /** Forgets the records and keeps the memory. */
  clear(): void {
    this.#end = BATCH_HEADER_BYTES;
    this.#count = 0;
  }

  #isFull(bodyBytes: number): boolean {
    if (this.#count === 0) return false;
    return this.#count >= MOST_RECORDS || this.#end + MOST_FRONT_BYTES + bodyBytes > MOST_BYTES;
  }

  #reserve(bodyBytes: number): void {
    const needed = this.#end + MOST_FRONT_BYTES + bodyBytes;
    if (needed > this.#bytes.length) this.#grow(needed);
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(2 * this.#bytes.length, MOST_BYTES)));
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
  }

  /** Leaves two bytes for the length, writes what stands before the body, and returns where the body begins. */
  #writeFront(timestampMs: number): number {
    if (this.#count === 0) this.#baseTimestampMs = this.#latestMs = timestampMs;
    else if (timestampMs > this.#latestMs) this.#latestMs = timestampMs;
    const attributes = this.#end + 2;
    this.#bytes[attributes] = 0;
    const behindTime = writeVarint(this.#bytes, attributes + 1, timestampMs - this.#baseTimestampMs);
    return writeVarint(this.#bytes, behindTime, this.#count++);
  }
}

/** Writes producer id, epoch, first sequence and the checksum into an encoded batch; may be done again. */
export const stampBatch = (batch: Buffer, stamp: BatchStamp): void => {
  batch.writeBigInt64BE(stamp.producerId, 43);
  batch.writeInt16BE(stamp.producerEpoch, 51);
  batch.writeInt32BE(stamp.baseSequence, 53);
  batch.writeUInt32BE(crc32c(batch, CHECKED_FROM), 17);
};
