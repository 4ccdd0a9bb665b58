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

/** What is fetched and not understood is kept small: it pins the answers it came in. */
const MOST_UNREAD = 512;
const FORGET_EVERY = 256;

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
  intakeRuns = false;
  /** Absent for unordered types. */
  driver: HomeDriver | undefined = undefined;
  readonly #window: Window;
  /** Taken in but not yet understood, in offset order, from `#at`. */
  #incoming: ConsumedRecord[] = [];
  #at = 0;

  constructor(at: TopicPartition, start: bigint, epoch: Epoch, window: Window) {
    this.at = { topic: at.topic, partition: at.partition };
    this.watermark = new Watermark(start);
    this.committed = start;
    this.epoch = epoch;
    this.#window = window;
  }

  /** Takes a record in; false when it was handed over before. */
  admit(record: ConsumedRecord): boolean {
    if (!this.watermark.track(record.offset, sizeOf(record))) return false;
    this.#incoming.push(record);
    return true;
  }

  /** The next record to understand; undefined when there is none for now. */
  nextIncoming(): ConsumedRecord | undefined {
    const record = this.#incoming[this.#at];
    this.#at += 1;
    if (record === undefined || this.#at === this.#incoming.length || this.#at >= FORGET_EVERY) {
      this.#incoming = this.#incoming.slice(this.#at);
      this.#at = 0;
    }
    return record;
  }

  settle(offset: bigint): void {
    this.watermark.settle(offset);
  }

  /** Nothing more is fetched. */
  get isFull(): boolean {
    return this.windowFull || this.#unread >= MOST_UNREAD;
  }

  /** Nothing more may be held. */
  get windowFull(): boolean {
    return this.watermark.size >= this.#window.records || this.watermark.bytes >= this.#window.bytes;
  }

  /** Room enough again to go on fetching (half the window: no flapping). */
  get hasRoom(): boolean {
    const { size, bytes } = this.watermark;
    const { records, bytes: mostBytes } = this.#window;
    return size * 2 < records && bytes * 2 < mostBytes && this.#unread * 2 < MOST_UNREAD;
  }

  get #unread(): number {
    return this.#incoming.length - this.#at;
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
