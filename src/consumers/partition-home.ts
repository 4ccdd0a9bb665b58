import type { Epoch } from '../core/ports/broker.ts';
import { bytesOf, type ConsumedRecord, type TopicPartition } from '../core/record.ts';
import { Watermark } from '../core/watermark.ts';
import { TopicTally } from './topic-tally.ts';

/** Bounds of what one partition may hold in memory. */
export interface Window {
  /** Default 1,000 records. */
  readonly records: number;
  /** Default 8 MiB. */
  readonly bytes: number;
}

/** What is fetched and not understood is kept small: it pins the answers it came in. */
const MOST_UNREAD = 512;
/** While records are moved aside the next ones are fetched meanwhile: else each fetch would wait for the last one's. */
const MOST_UNREAD_IN_A_HURRY = 4_096;
/** What gives way is understood by a few at a time: more of it need not be fetched. */
const MOST_UNREAD_GIVING_WAY = 64;
const FORGET_EVERY = 256;
/** Offsets between the first that is not settled and the last taken in, times the records of a window. */
const MOST_SPANNED = 64;

/** What a record takes beside its key and value, roughly. */
const RECORD_BYTES = 512;

/** Keeps the records of one partition in order, where its job type is ordered. */
export interface HomeDriver {
  /** The window is full, or has room again. */
  full(isFull: boolean): void;
  /** What is committed beside the offset. */
  readonly metadata: string;
  /** The offset to commit, where it is not the watermark. */
  readonly committable?: bigint;
  /** Of a partition of a waiting topic: what waits there. */
  readonly parked?: ParkedFacts;
  /** The partition is lost, or the process stops. */
  close(): void;
}

/** What waits on a partition of a waiting topic. */
export interface ParkedFacts {
  /** Sequences of which something is not settled. */
  readonly sequences: number;
  /** The record time of the oldest copy that is not settled, epoch ms; undefined when all are. */
  readonly oldestMs: number | undefined;
}

/** Keeps one tenant from filling the window of a partition. */
export interface HomeWatch {
  /** Records are moved aside now: what is fetched is understood without delay. */
  readonly hurries: boolean;
  /** Others move records aside now: what is fetched here gives way to that. */
  readonly yields: boolean;
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
  /** Absent where nothing is moved aside. */
  watch: HomeWatch | undefined = undefined;
  /** The end of the partition when it was last fetched. */
  end: bigint;
  /** What is counted of its topic. */
  readonly tally: TopicTally;
  readonly #window: Window;
  /** Taken in but not yet understood, in offset order, from `#at`. */
  #incoming: ConsumedRecord[] = [];
  #at = 0;
  /** Offsets of records that were moved elsewhere, at or above the watermark; nearly in order. */
  #moved: bigint[] = [];
  #movedAt = 0;

  constructor(
    at: TopicPartition,
    start: bigint,
    epoch: Epoch,
    window: Window,
    tally: TopicTally = new TopicTally(),
  ) {
    this.at = { topic: at.topic, partition: at.partition };
    this.watermark = new Watermark(start);
    this.committed = start;
    this.end = start;
    this.epoch = epoch;
    this.#window = window;
    this.tally = tally;
  }

  /** Takes a record in; false when it was handed over before. */
  admit(record: ConsumedRecord): boolean {
    if (!this.watermark.track(record.offset, bytesOf(record) + RECORD_BYTES, record.timestampMs))
      return false;
    this.tally.consumed += 1;
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
    return this.windowFull || this.#unread >= this.#mostUnread;
  }

  /** Nothing more may be held. */
  get windowFull(): boolean {
    const { size, bytes } = this.watermark;
    const { records, bytes: mostBytes } = this.#window;
    return this.#burden >= records || bytes >= mostBytes || size >= records * MOST_SPANNED;
  }

  /** Nothing more may be held, although most of what is held is done: it stands behind a few that run. */
  get isStalled(): boolean {
    return this.windowFull && this.watermark.open * 2 < this.watermark.size;
  }

  /** Records that the window counts: what was moved elsewhere is no burden, also while one before it still runs. */
  get held(): number {
    this.#forgetMoved();
    return this.watermark.size - (this.#moved.length - this.#movedAt);
  }

  /** Records that lie unread behind those taken in, as far as is known. */
  get beyond(): number {
    const { next } = this.watermark;
    return this.end > next ? Number(this.end - next) : 0;
  }

  /** The first offset that is not understood. */
  get unreadFrom(): bigint {
    return this.#incoming[this.#at]?.offset ?? this.watermark.next;
  }

  /** A record goes elsewhere: it counts no more. */
  moved(offset: bigint): void {
    this.#moved.push(offset);
  }

  /** Room enough again to go on fetching (half the window: no flapping). */
  get hasRoom(): boolean {
    const { size, bytes } = this.watermark;
    const { records, bytes: mostBytes } = this.#window;
    const fits = this.#burden * 2 < records && bytes * 2 < mostBytes && size < records * MOST_SPANNED;
    return fits && this.#unread * 2 < this.#mostUnread;
  }

  #forgetMoved(): void {
    if (this.#moved.length === 0) return;
    const { value } = this.watermark;
    for (let at = this.#moved[this.#movedAt]; at !== undefined && at < value; at = this.#moved[this.#movedAt])
      this.#movedAt += 1;
    if (this.#movedAt < this.#moved.length && this.#movedAt < FORGET_EVERY) return;
    this.#moved = this.#moved.slice(this.#movedAt);
    this.#movedAt = 0;
  }

  /** What the window bounds: what is about to be moved aside will not be held. */
  get #burden(): number {
    return this.watch?.hurries === true ? this.held - this.#unread : this.held;
  }

  get #mostUnread(): number {
    if (this.watch?.yields === true) return MOST_UNREAD_GIVING_WAY;
    return this.watch?.hurries === true ? MOST_UNREAD_IN_A_HURRY : MOST_UNREAD;
  }

  get #unread(): number {
    return this.#incoming.length - this.#at;
  }

  /** Gives the partition up. */
  lose(): void {
    this.alive = false;
    this.driver?.close();
    this.watch?.close();
  }

  /** What may be committed: the watermark, unless the order says otherwise. */
  get committable(): bigint {
    return this.driver?.committable ?? this.watermark.value;
  }
}
