import type { EsteiraError } from '../../core/errors.ts';
import type { PostAnswer } from '../../core/ports/broker.ts';
import type { OutgoingRecord, RecordPosition } from '../../core/record.ts';
import { throwLater } from '../../core/stray-error.ts';
import { PackedRecord } from './packed-record.ts';
import type { PartitionLog } from './partition-log.ts';
import type { MemoryTopic } from './topic.ts';

/** One record on its way: its copy, the log it goes to, and who wants to know. */
export class PendingSend {
  readonly topic: MemoryTopic;
  readonly log: PartitionLog;
  readonly #packed: PackedRecord;
  readonly #timestampMs: number | undefined;
  readonly #done: PostAnswer;
  readonly #onAnswer: (answered: PendingSend) => void;
  #position: RecordPosition | undefined;
  #isAnswered = false;
  #cancelDeadline: (() => void) | undefined;

  /** `onAnswer` hears of the answer before `done` does. */
  constructor(
    topic: MemoryTopic,
    record: OutgoingRecord,
    done: PostAnswer,
    onAnswer: (answered: PendingSend) => void,
  ) {
    this.topic = topic;
    this.log = topic.logFor(record);
    this.#packed = new PackedRecord(record);
    this.#timestampMs = record.timestampMs;
    this.#done = done;
    this.#onAnswer = onAnswer;
  }

  get bytes(): number {
    return this.#packed.wireBytes;
  }

  /** Appends to the log; the caller knows nothing of it before {@link acknowledge}. */
  write(nowMs: number): void {
    this.#position = this.log.append(this.#packed, this.topic.timestampOf(this.#timestampMs, nowMs));
  }

  acknowledge(): void {
    if (this.#position !== undefined) this.#answer(undefined, this.#position);
  }

  /** Fails the call; without effect when it was answered. */
  fail(error: EsteiraError): void {
    this.#answer(error);
  }

  /** What takes the caller's deadline back. */
  onAnswer(cancelDeadline: () => void): void {
    this.#cancelDeadline = cancelDeadline;
  }

  #answer(error: EsteiraError | undefined, position?: RecordPosition): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#cancelDeadline?.();
    this.#onAnswer(this);
    try {
      this.#done(error, position);
    } catch (thrown) {
      throwLater(thrown);
    }
  }
}
