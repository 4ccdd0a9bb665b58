import type { ConsumedRecord, RecordPosition } from '../../core/record.ts';
import type { PackedRecord } from './packed-record.ts';

/** What {@link PartitionLog.read} found and where to go on. */
export interface LogSlice {
  readonly records: readonly ConsumedRecord[];
  readonly next: number;
}

interface LogEntry {
  readonly packed: PackedRecord;
  readonly timestampMs: number;
}

/** One partition's records in memory. A read costs what it returns, however long the log is. */
export class PartitionLog {
  readonly topic: string;
  readonly partition: number;
  /** By offset minus {@link low}; a hole is an offset without a record, as compaction and transactions leave them. */
  #records: (LogEntry | undefined)[] = [];
  #low = 0;
  readonly #watchers = new Set<() => void>();

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  /** The first offset that can be read. */
  get low(): number {
    return this.#low;
  }

  /** The offset the next record gets. */
  get high(): number {
    return this.#low + this.#records.length;
  }

  append(packed: PackedRecord, timestampMs: number): RecordPosition {
    const offset = BigInt(this.high);
    this.#records.push({ packed, timestampMs });
    this.#tell();
    return { topic: this.topic, partition: this.partition, offset };
  }

  /** Leaves `count` offsets without a record at the end. */
  skip(count: number): void {
    for (let hole = 0; hole < count; hole += 1) this.#records.push(undefined);
    this.#tell();
  }

  /** Drops the records below `offset`; the first offset becomes `offset`, at most the end. */
  deleteBefore(offset: number): void {
    const dropped = Math.min(offset, this.high) - this.#low;
    if (dropped <= 0) return;
    this.#records = this.#records.slice(dropped);
    this.#low += dropped;
  }

  /** Copies of what stands in [from, to), at most `maxRecords` and, beyond the first, `maxBytes`. */
  read(from: number, to: number, maxRecords: number, maxBytes: number): LogSlice {
    const end = Math.min(to, this.high);
    const records: ConsumedRecord[] = [];
    let next = Math.max(from, this.#low);
    for (let bytes = 0; next < end && records.length < maxRecords; next += 1) {
      const record = this.#records[next - this.#low];
      if (record === undefined) continue;
      bytes += record.packed.wireBytes;
      if (records.length > 0 && bytes > maxBytes) break;
      const { topic, partition } = this;
      const { timestampMs } = record;
      records.push({ topic, partition, offset: BigInt(next), timestampMs, ...record.packed.unpack() });
    }
    return { records, next };
  }

  /** The first offset whose record time is at or after `timestampMs`, else the end; looks at every record. */
  offsetAt(timestampMs: number): number {
    const index = this.#records.findIndex(
      (record) => record !== undefined && record.timestampMs >= timestampMs,
    );
    return index < 0 ? this.high : this.#low + index;
  }

  /** Calls back at each change at the end; the returned function ends that. */
  watch(onGrowth: () => void): () => void {
    this.#watchers.add(onGrowth);
    return () => this.#watchers.delete(onGrowth);
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
