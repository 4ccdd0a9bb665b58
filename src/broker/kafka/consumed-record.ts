import type { Batch, KafkaMessage } from 'kafkajs';
import { PackedHeaders } from '../../core/packed-headers.ts';
import type { ConsumedRecord, TopicPartition } from '../../core/record.ts';
import { FetchedRecord } from './fetched-record.ts';
import { wireHeaders } from './headers.ts';

/** Makes a record of the port from kafkajs' message; the bytes are views into the fetched answer. */
export const consumedRecord = (at: TopicPartition, message: KafkaMessage): ConsumedRecord => {
  const { key, value } = message;
  const headers = wireHeaders(message.headers);
  if (headers instanceof PackedHeaders) return new FetchedRecord(at, message, key, value, headers);
  const offset = BigInt(message.offset);
  const timestampMs = Number(message.timestamp);
  return { topic: at.topic, partition: at.partition, offset, key, value, headers, timestampMs };
};

/** A batch as kafkajs hands it over, read once. */
export interface ReadBatch {
  readonly at: TopicPartition;
  /** The offset the fetch asked for. */
  readonly fetchedAt: bigint;
  readonly first: bigint;
  /** The last record's offset, as kafkajs spells it. */
  readonly last: string;
  /** Where the next fetch begins: behind trailing control records too, which kafkajs resolves with the last record. */
  readonly next: bigint;
  readonly highWatermark: bigint;
  readonly records: readonly ConsumedRecord[];
}

/** Reads a batch; undefined when it holds no record. `fetchedOffset` is in kafkajs, but not in its types. */
export const readBatch = (batch: Batch): ReadBatch | undefined => {
  const at = { topic: batch.topic, partition: batch.partition };
  const records = batch.messages.map((message) => consumedRecord(at, message));
  const [first] = records;
  const last = batch.messages.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const next = BigInt(batch.lastOffset()) + 1n;
  const told = BigInt(batch.highWatermark);
  return {
    at,
    records,
    first: first.offset,
    last: last.offset,
    fetchedAt: 'fetchedOffset' in batch ? BigInt(String(batch.fetchedOffset)) : -1n,
    next,
    // A broker looks up the mark before it reads, so records written in between come with a mark below them.
    highWatermark: told < next ? next : told,
  };
};
