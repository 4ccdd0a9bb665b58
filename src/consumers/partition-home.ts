import type { Epoch } from '../core/ports/broker.ts';
import type { ConsumedRecord, TopicPartition } from '../core/record.ts';
import { Watermark } from '../core/watermark.ts';

/** Bounds of what one partition may hold in memory. */
export interface Window {
  /** Default 1,000 records. */
  readonly records: number;
  /** Default 8 MiB. */
  readonly bytes: number;
}

const sizeOf = (record: ConsumedRecord): number =>
  (record.value?.length ?? 0) + (record.key?.length ?? 0) + 512;

/** Keeps the records of one partition in order, where its job type is ordered. */
export interface HomeDriver {
  /** The window is full, or has room again. */
  full(isFull: boolean): void;
  /** What is committed beside the offset. */
  readonly metadata: string;
  /** The offset to commit, where it is not the watermark. */
  readonly committable?: bigint;
  /** The partition is lost, or the process stops. */
  close(): void;
}

/** What this process holds of one partition: the watermark, and what waits for intake. */
export class PartitionHome {
  readonly at: TopicPartition;
  readonly watermark: Watermark;
  /** False once the partition was lost: nothing of it may start or be committed any more. */
  alive = true;
  epoch: Epoch;
  paused = false;
  committed: bigint;
  /** Taken in but not yet understood, in offset order. */
  readonly incoming: ConsumedRecord[] = [];
  intakeRuns = false;
  /** Absent for unordered types. */
  driver: HomeDriver | undefined = undefined;
  readonly #window: Window;
  readonly #sizes = new Map<bigint, number>();
  #bytes = 0;

  constructor(at: TopicPartition, start: bigint, epoch: Epoch, window: Window) {
    this.at = { topic: at.topic, partition: at.partition };
    this.watermark = new Watermark(start);
    this.committed = start;
    this.epoch = epoch;
    this.#window = window;
  }

  /** Takes a record in; false when it was handed over before. */
  admit(record: ConsumedRecord): boolean {
    if (!this.watermark.track(record.offset)) return false;
    const size = sizeOf(record);
    this.#sizes.set(record.offset, size);
    this.#bytes += size;
    this.incoming.push(record);
    return true;
  }

  settle(offset: bigint): void {
    this.watermark.settle(offset);
    this.#bytes -= this.#sizes.get(offset) ?? 0;
    this.#sizes.delete(offset);
  }

  get isFull(): boolean {
    return this.watermark.size >= this.#window.records || this.#bytes >= this.#window.bytes;
  }

  /** Room enough again to go on fetching (half the window: no flapping). */
  get hasRoom(): boolean {
    return this.watermark.size * 2 < this.#window.records && this.#bytes * 2 < this.#window.bytes;
  }

  /** Gives the partition up. */
  lose(): void {
    this.alive = false;
    this.driver?.close();
  }

  /** What may be committed: the watermark, unless the order says otherwise. */
  get committable(): bigint {
    return this.driver?.committable ?? this.watermark.value;
  }
}
