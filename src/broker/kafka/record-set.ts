import { createRequire } from 'node:module';
import { type ByteSource, readVarint } from '../../core/packed-headers.ts';
import type { TopicPartition } from '../../core/record.ts';
import { type BatchContext, FetchedRecord, OddBytes } from './fetched-record.ts';
import { readVarint as readLongVarint } from './varint.ts';

const require = createRequire(import.meta.url);
const { lookupCodecByAttributes } = require('kafkajs/src/protocol/message/compression');

/** Bytes of a record batch before its records (format version 2). */
const HEADER_BYTES = 61;
/** Of these, what its length does not count. */
const FRONT_BYTES = 12;
const FORMAT_VERSION = 2;

const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const COMPRESSED = 0x07;

/** One batch on the wire. */
interface WireBatch {
  readonly context: BatchContext;
  readonly firstOffset: bigint;
  /** The time its records count from, epoch ms; with append time all of them have the other. */
  readonly firstMs: number;
  readonly appendedMs: number | undefined;
  readonly count: number;
}

const safeNumber = (value: bigint): number => {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new OddBytes('a time is odd');
  return number;
};

const readHeader = ({ topic, partition }: TopicPartition, set: Buffer, at: number): WireBatch => {
  if (set[at + 16] !== FORMAT_VERSION) throw new OddBytes('a batch has another format');
  const attributes = set.readInt16BE(at + 21);
  return {
    context: {
      topic,
      partition,
      producerId: String(set.readBigInt64BE(at + 43)),
      inTransaction: (attributes & TRANSACTIONAL) !== 0,
      isControl: (attributes & CONTROL) !== 0,
    },
    firstOffset: set.readBigInt64BE(at),
    firstMs: safeNumber(set.readBigInt64BE(at + 27)),
    appendedMs: (attributes & LOG_APPEND_TIME) === 0 ? undefined : safeNumber(set.readBigInt64BE(at + 35)),
    count: set.readInt32BE(at + 57),
  };
};

/** A time may lie far from the first one of its batch. */
const readTimeDelta = (source: ByteSource): number => {
  const { offset } = source;
  const short = readVarint(source);
  if (!Number.isNaN(short)) return short;
  const { value, end } = readLongVarint(source.buffer, offset);
  if (!Number.isSafeInteger(value)) throw new OddBytes('a time is odd');
  source.offset = end;
  return value;
};

/** Reads the records that stand from the place of `source` up to `end`. */
const readRecords = (batch: WireBatch, source: ByteSource, end: number, into: FetchedRecord[]): void => {
  const { context, firstOffset, firstMs, appendedMs } = batch;
  for (let left = batch.count; left > 0; left--) {
    const length = readVarint(source);
    const behind = source.offset + length;
    source.offset += 1;
    const timeDelta = readTimeDelta(source);
    const offsetDelta = readVarint(source);
    if (!(length > 0 && behind <= end && offsetDelta >= 0)) throw new OddBytes('a record is odd');
    const offset = firstOffset + BigInt(offsetDelta);
    into.push(new FetchedRecord(context, offset, appendedMs ?? firstMs + timeDelta, source));
    if (source.offset > behind) throw new OddBytes('a record is larger than it says');
    source.offset = behind;
  }
};

/**
 * Reads the batches of one partition that stand in `bytes` from `start` up to `end`, but for the last one when it was
 * cut. kafkajs, which makes some twenty objects and three bigints out of each record, takes four times as long.
 *
 * @throws OddBytes, RangeError: these bytes are to be left to kafkajs. What a codec throws of compressed records.
 */
export const readRecordSet = async (
  at: TopicPartition,
  bytes: Buffer,
  start: number,
  end: number,
): Promise<FetchedRecord[]> => {
  const records: FetchedRecord[] = [];
  let pos = start;
  while (pos + HEADER_BYTES <= end) {
    const behind = pos + FRONT_BYTES + bytes.readInt32BE(pos + 8);
    if (behind > end) break;
    if (behind < pos + HEADER_BYTES) throw new OddBytes('a batch is too short');
    const batch = readHeader(at, bytes, pos);
    const attributes = bytes.readInt16BE(pos + 21);
    if ((attributes & COMPRESSED) === 0) {
      readRecords(batch, { buffer: bytes, offset: pos + HEADER_BYTES }, behind, records);
    } else if (batch.count > 0) {
      const packed = bytes.subarray(pos + HEADER_BYTES, behind);
      const buffer: Buffer = await lookupCodecByAttributes(attributes).decompress(packed);
      readRecords(batch, { buffer, offset: 0 }, buffer.length, records);
    }
    pos = behind;
  }
  return records;
};
