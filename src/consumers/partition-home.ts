import type { Epoch } from '../core/ports/broker.ts';
import type { ConsumedRecord, TopicPartition } from '../core/record.ts';
import { Watermark } from '../core/watermark.ts';
import type { Entry } from './entry.ts';

/** Bounds of what one partition may hold in memory. */
export interface Window {
  /** Default 1,000 records. */
  readonly records: number;
  /** Default 8 MiB. */
  readonly bytes: number;
}

const sizeOf = (record: ConsumedRecord): number =>
  (record.value?.length ?? 0) + (record.key?.length ?? 0) + 512;

/** What this process holds of one partition: the watermark, what waits for intake, and the lanes of ordered keys. */
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
  readonly #window: Window;
  readonly #lanes = new Map<string, Entry[]>();
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

  /** Queues an entry behind the others of its key; true when it is the head and may go on. */
  enterLane(sequence: string, entry: Entry): boolean {
    const lane = this.#lanes.get(sequence);
    if (lane === undefined) {
      this.#lanes.set(sequence, [entry]);
      return true;
    }
    lane.push(entry);
    return false;
  }

  /** Takes the settled head out of its lane; gives the next one, which may go on now. */
  leaveLane(sequence: string): Entry | undefined {
    const lane = this.#lanes.get(sequence);
    lane?.shift();
    if (lane?.length === 0) this.#lanes.delete(sequence);
    return lane?.[0];
  }
}
