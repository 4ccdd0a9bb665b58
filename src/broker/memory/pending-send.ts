import type { OutgoingRecord, RecordPosition } from '../../core/record.ts';
import { PackedRecord } from './packed-record.ts';
import type { PartitionLog } from './partition-log.ts';
import type { MemoryTopic } from './topic.ts';

/** One call of `send` on its way: the copied record, the log it goes to, and the caller's answer. */
export class PendingSend {
  readonly topic: MemoryTopic;
  readonly log: PartitionLog;
  readonly answer: Promise<RecordPosition>;
  readonly #packed: PackedRecord;
  readonly #timestampMs: number | undefined;
  #position: RecordPosition | undefined;
  #resolve: (position: RecordPosition) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #cleanUp: () => void = () => undefined;

  constructor(topic: MemoryTopic, record: OutgoingRecord) {
    this.topic = topic;
    this.log = topic.logFor(record);
    this.#packed = new PackedRecord(record);
    this.#timestampMs = record.timestampMs;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get bytes(): number {
    return this.#packed.wireBytes;
  }

  /** Appends to the log; the caller knows nothing of it before {@link acknowledge}. */
  write(nowMs: number): void {
    this.#position = this.log.append(this.#packed, this.topic.timestampOf(this.#timestampMs, nowMs));
  }

  acknowledge(): void {
    if (this.#position === undefined) return;
    this.#cleanUp();
    this.#resolve(this.#position);
  }

  /** Fails the call; without effect when it was answered. */
  fail(error: Error): void {
    this.#cleanUp();
    this.#reject(error);
  }

  /** Runs `cleanUp` when the call gets its answer. */
  whenAnswered(cleanUp: () => void): void {
    this.#cleanUp = cleanUp;
  }
}
