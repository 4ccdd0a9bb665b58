import type { RecordHeaders } from '../../core/record.ts';
import { crc32c } from './crc32c.ts';
import { varintSize, writeVarint } from './varint.ts';

/** Bytes of a record batch before its first record (format version 2). */
const BATCH_HEADER_BYTES = 61;
/** Everything from here on is covered by the checksum. */
const CHECKED_FROM = 21;

/** What of a record is written into a batch. */
export interface BatchRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
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

const recordSize = (record: BatchRecord, offsetDelta: number, timestampDelta: number): number =>
  1 +
  varintSize(timestampDelta) +
  varintSize(offsetDelta) +
  fieldSize(record.key) +
  fieldSize(record.value) +
  headersSize(record.headers);

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

const writeRecord = (
  target: Buffer,
  pos: number,
  record: BatchRecord,
  place: { size: number; offsetDelta: number; timestampDelta: number },
): number => {
  let at = writeVarint(target, pos, place.size);
  target[at++] = 0;
  at = writeVarint(target, at, place.timestampDelta);
  at = writeVarint(target, at, place.offsetDelta);
  at = writeField(target, at, record.key);
  at = writeField(target, at, record.value);
  return writeHeaders(target, at, record.headers);
};

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

/**
 * Encodes records as one uncompressed record batch. Headers keep their order, repeated names and null values, which
 * the client's own encoder cannot. The batch is not valid until {@link stampBatch} was called.
 */
export const encodeRecordBatch = (records: readonly BatchRecord[]): Buffer => {
  const baseTimestampMs = records[0]?.timestampMs ?? 0;
  const places = records.map((record, offsetDelta) => {
    const timestampDelta = record.timestampMs - baseTimestampMs;
    return { offsetDelta, timestampDelta, size: recordSize(record, offsetDelta, timestampDelta) };
  });
  const total = places.reduce((sum, { size }) => sum + varintSize(size) + size, BATCH_HEADER_BYTES);
  const batch = Buffer.alloc(total);
  writeBatchHeader(batch, records, baseTimestampMs);
  let at = BATCH_HEADER_BYTES;
  for (const [index, record] of records.entries()) {
    const place = places[index];
    if (place !== undefined) at = writeRecord(batch, at, record, place);
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
