import type { PackedHeaders } from './packed-headers.ts';
import type { HeaderEntry, RecordHeaders } from './record-headers.ts';

export type { HeaderEntry, RecordHeaders };

/** One partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Where a record stands in the log. Offsets are bigint: Kafka's are 64 bit. */
export interface RecordPosition extends TopicPartition {
  readonly offset: bigint;
}

/** A record as read from the log. The buffers may be views into a fetch: copy what is kept (see `copyRecord`). */
export interface ConsumedRecord extends RecordPosition {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
  /** Epoch milliseconds: the broker's append time on tiers (LogAppendTime), else the producer's. */
  readonly timestampMs: number;
  /** The headers as they stand on the wire, where the adapter has them so: cheaper to read than the list. */
  readonly packed?: PackedHeaders;
  /** Bytes of key and value, where the adapter knows them without making either (see `bytesOf`). */
  readonly bytes?: number;
  /**
   * A cheaper way to a copy, where the adapter has one (see `copyRecord`): the same record, on bytes of its own. The
   * buffers that were had of it before stay what they were.
   */
  readonly detach?: () => ConsumedRecord;
}

/**
 * A record to be written. Without `partition` it is chosen by Java-compatible murmur2 of `partitionKey`, else of the
 * key; without any of them partitions take turns.
 */
export interface OutgoingRecord {
  readonly topic: string;
  readonly partition?: number;
  /** Picks the partition in place of the key (the ordering key of a job); not written. */
  readonly partitionKey?: Buffer;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
  /** Epoch milliseconds; defaults to the time of sending. */
  readonly timestampMs?: number;
}

/** `topic/partition/offset`, the form of the `job-origin` header. */
export const formatPosition = (position: RecordPosition): string =>
  `${position.topic}/${position.partition}/${position.offset}`;

/** Reads what {@link formatPosition} wrote; undefined when the text is something else. */
export const parsePosition = (text: string): RecordPosition | undefined => {
  const match = /^([a-zA-Z0-9._-]{1,249})\/(\d{1,9})\/(\d{1,19})$/.exec(text);
  if (match === null) return undefined;
  const [, topic = '', partition = '', offset = ''] = match;
  return { topic, partition: Number(partition), offset: BigInt(offset) };
};

/** A map key for a topic-partition. */
export const partitionKey = (at: TopicPartition): string => `${at.topic}/${at.partition}`;

/** The same record as if it stood on another topic. Not by spreading: an adapter's record may be more than its fields. */
export const movedTo = (topic: string, record: ConsumedRecord): ConsumedRecord => ({
  topic,
  partition: record.partition,
  offset: record.offset,
  key: record.key,
  value: record.value,
  headers: record.headers,
  timestampMs: record.timestampMs,
});

/** Bytes of key and value. */
export const bytesOf = (record: ConsumedRecord): number =>
  record.bytes ?? (record.value?.length ?? 0) + (record.key?.length ?? 0);

const copyBuffer = (bytes: Buffer | null): Buffer | null => (bytes === null ? null : Buffer.from(bytes));

/** A copy, or the record itself, that does not pin the fetch response it came from (a view keeps megabytes alive). */
export const copyRecord = (record: ConsumedRecord): ConsumedRecord =>
  record.detach?.() ?? {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    key: copyBuffer(record.key),
    value: copyBuffer(record.value),
    headers: record.headers.map(([name, value]): HeaderEntry => [name, copyBuffer(value)]),
    timestampMs: record.timestampMs,
  };
