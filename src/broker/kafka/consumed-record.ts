import type { Batch, KafkaMessage } from 'kafkajs';
import type { ConsumedRecord, TopicPartition } from '../../core/record.ts';
import { FetchedRecord } from './fetched-record.ts';
import { wireHeaders } from './headers.ts';

/** A record of the port for kafkajs' message; the bytes are views into the fetched answer. */
export const consumedRecord = (at: TopicPartition, message: KafkaMessage): ConsumedRecord => {
  if (message instanceof FetchedRecord) return message;
  return {
    topic: at.topic,
    partition: at.partition,
    offset: BigInt(message.offset),
    key: message.key,
    value: message.value,
    headers: wireHeaders(message.headers),
    timestampMs: Number(message.timestamp),
  };
};

/** A batch as kafkajs hands it over, read once. */
export interface ReadBatch {
  readonly at: TopicPartition;
  /** The offset the fetch asked for. */
  readonly fetchedAt: bigint;
  readonly first: bigint;
  readonly last: bigint;
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
  const last = records.at(-1);
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
