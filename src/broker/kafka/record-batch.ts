import type { RecordHeaders } from '../../core/record.ts';
import { crc32c } from './crc32c.ts';
import { varintSize, writeVarint } from './varint.ts';

/** Bytes of a record batch before its first record (format version 2). */
const BATCH_HEADER_BYTES = 61;
/** Everything from here on is covered by the checksum. */
const CHECKED_FROM = 21;

/** A record ready for a batch: key, value and headers are encoded, so nothing done to them later is written. */
export interface BatchRecord {
  readonly body: Buffer;
  readonly timestampMs: number;
}

/** Who writes a batch and which sequence number its first record has: what makes a repeat recognisable. */
export interface BatchStamp {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

const fieldSize = (bytes: Buffer | null): number =>
  bytes === null ? varintSize(-1) : varintSize(bytes.length) + bytes.length;

const headersSize = (headers: RecordHeaders): number => {
  let size = varintSize(headers.length);
  for (const [name, value] of headers) {
    const nameBytes = Buffer.byteLength(name);
    size += varintSize(nameBytes) + nameBytes + fieldSize(value);
  }
  return size;
};

const writeField = (target: Buffer, pos: number, bytes: Buffer | null): number => {
  if (bytes === null) return writeVarint(target, pos, -1);
  const at = writeVarint(target, pos, bytes.length);
  bytes.copy(target, at);
  return at + bytes.length;
};

const writeHeaders = (target: Buffer, pos: number, headers: RecordHeaders): number => {
  let at = writeVarint(target, pos, headers.length);
  for (const [name, value] of headers) {
    at = writeVarint(target, at, Buffer.byteLength(name));
    at += target.write(name, at, 'utf8');
    at = writeField(target, at, value);
  }
  return at;
};

/**
 * Encodes what a record holds. Headers keep their order, repeated names and null values, which the client's own
 * encoder cannot.
 */
export const encodeRecordBody = (record: {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
}): Buffer => {
  const body = Buffer.allocUnsafe(
    fieldSize(record.key) + fieldSize(record.value) + headersSize(record.headers),
  );
  const behindKey = writeField(body, 0, record.key);
  const behindValue = writeField(body, behindKey, record.value);
  writeHeaders(body, behindValue, record.headers);
  return body;
};

/** Bytes of a record behind its length field. */
const recordSize = (record: BatchRecord, offsetDelta: number, timestampDelta: number): number =>
  1 + varintSize(timestampDelta) + varintSize(offsetDelta) + record.body.length;

const writeBatchHeader = (batch: Buffer, records: readonly BatchRecord[], baseTimestampMs: number): void => {
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(-1, 12);
  batch.writeInt8(2, 16);
  batch.writeInt32BE(records.length - 1, 23);
  batch.writeBigInt64BE(BigInt(baseTimestampMs), 27);
  const latest = records.reduce((max, record) => Math.max(max, record.timestampMs), baseTimestampMs);
  batch.writeBigInt64BE(BigInt(latest), 35);
  batch.writeInt32BE(records.length, 57);
};

/** Encodes records as one uncompressed record batch, not valid until {@link stampBatch} was called. */
export const encodeRecordBatch = (records: readonly BatchRecord[]): Buffer => {
  const baseTimestampMs = records[0]?.timestampMs ?? 0;
  const sizeAt = (record: BatchRecord, index: number): number =>
    recordSize(record, index, record.timestampMs - baseTimestampMs);
  const total = records.reduce((sum, record, index) => {
    const size = sizeAt(record, index);
    return sum + varintSize(size) + size;
  }, BATCH_HEADER_BYTES);
  const batch = Buffer.alloc(total);
  writeBatchHeader(batch, records, baseTimestampMs);
  let at = BATCH_HEADER_BYTES;
  for (let index = 0; index < records.length; index++) {
    const record = records[index];
    if (record === undefined) continue;
    at = writeVarint(batch, at, sizeAt(record, index));
    batch[at++] = 0;
    at = writeVarint(batch, at, record.timestampMs - baseTimestampMs);
    at = writeVarint(batch, at, index);
    at += record.body.copy(batch, at);
  }
  return batch;
};

/** Writes producer id, epoch, first sequence and the checksum into an encoded batch; may be done again. */
export const stampBatch = (batch: Buffer, stamp: BatchStamp): void => {
  batch.writeBigInt64BE(stamp.producerId, 43);
  batch.writeInt16BE(stamp.producerEpoch, 51);
  batch.writeInt32BE(stamp.baseSequence, 53);
  batch.writeUInt32BE(crc32c(batch, CHECKED_FROM), 17);
};
