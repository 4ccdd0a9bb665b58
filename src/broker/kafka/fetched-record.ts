import type { PackedHeaders } from '../../core/packed-headers.ts';
import type { ConsumedRecord, RecordHeaders, TopicPartition } from '../../core/record.ts';

/** A record as it was fetched: key and value are views, the headers stay packed until somebody wants the list. */
export class FetchedRecord implements ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly packed: PackedHeaders;

  constructor(
    { topic, partition }: TopicPartition,
    { offset, timestamp }: { readonly offset: string; readonly timestamp: string },
    key: Buffer | null,
    value: Buffer | null,
    packed: PackedHeaders,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.offset = BigInt(offset);
    this.timestampMs = Number(timestamp);
    this.key = key;
    this.value = value;
    this.packed = packed;
  }

  get headers(): RecordHeaders {
    return this.packed.list();
  }

  detach(): ConsumedRecord {
    return new KeptRecord(this);
  }
}

/** Stands for a key or a value that is null. */
const NONE = -1;

/** A copy in one piece: most jobs are done without ever looking at it again, and their records cost three objects. */
class KeptRecord implements ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly packed: PackedHeaders;
  /** Key, value and headers. */
  readonly #bytes: Buffer;
  readonly #keyLength: number;
  readonly #valueLength: number;

  constructor({ topic, partition, offset, timestampMs, key, value, packed }: FetchedRecord) {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.timestampMs = timestampMs;
    this.#keyLength = key?.length ?? NONE;
    this.#valueLength = value?.length ?? NONE;
    const valueAt = key?.length ?? 0;
    const headersAt = valueAt + (value?.length ?? 0);
    this.#bytes = Buffer.allocUnsafe(headersAt + packed.byteLength);
    if (key !== null) this.#bytes.set(key, 0);
    if (value !== null) this.#bytes.set(value, valueAt);
    this.packed = packed.copyTo(this.#bytes, headersAt);
  }

  get key(): Buffer | null {
    return this.#keyLength === NONE ? null : this.#bytes.subarray(0, this.#keyLength);
  }

  get value(): Buffer | null {
    if (this.#valueLength === NONE) return null;
    const at = Math.max(0, this.#keyLength);
    return this.#bytes.subarray(at, at + this.#valueLength);
  }

  get headers(): RecordHeaders {
    return this.packed.list();
  }
}
