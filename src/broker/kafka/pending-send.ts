import type { EsteiraError } from '../../core/errors.ts';
import type { PostAnswer } from '../../core/ports/broker.ts';
import type { OutgoingRecord, RecordPosition } from '../../core/record.ts';
import { throwLater } from '../../core/stray-error.ts';
import { murmur2 } from './murmur2.ts';
import type { FlushRound } from './open-sends.ts';
import { ownContent, type RecordContent } from './record-body.ts';
import type { Address } from './topic-lanes.ts';

/** Who keeps the sends of a producer. */
export interface SendKeeper {
  /** There is room for it. */
  admitted(send: PendingSend): void;
  /** It is in the log, or never will be by this producer: its room is free. */
  left(send: PendingSend): void;
  /** Its caller has an answer. */
  answered(send: PendingSend): void;
}

/** A time Kafka can hold; what is none becomes the time of sending. */
const timestampOf = (timestampMs: number | undefined, nowMs: number): number =>
  timestampMs !== undefined && Number.isFinite(timestampMs) ? Math.trunc(timestampMs) : nowMs;

const sizeOf = ({ key, value, headers }: RecordContent): number => {
  let bytes = (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
  for (let index = 0; index < headers.length; index++) {
    const header = headers[index];
    if (header !== undefined) bytes += header[0].length + (header[1] === null ? 0 : header[1].length);
  }
  return bytes;
};

/**
 * One record handed over, from the call to its end: one object a record, as there are tens of thousands a second.
 * Only the first answer to the caller counts; the record itself may go on after it.
 */
export class PendingSend implements Address {
  readonly topic: string;
  readonly partition: number | undefined;
  readonly keyHash: number | undefined;
  readonly timestampMs: number;
  /** Of key, value and headers, about. */
  readonly bytes: number;
  readonly handedOverAtMs: number;
  /** How long the caller waits in all, ms. */
  readonly patienceMs: number | undefined;
  /** The flush that waits for it. */
  round: FlushRound | undefined;
  readonly #keeper: SendKeeper;
  readonly #done: PostAnswer;
  #content: RecordContent | undefined;
  #hasLeft = false;
  #isAnswered = false;
  #cancelDeadline: (() => void) | undefined;

  constructor(
    record: OutgoingRecord,
    handedOverAtMs: number,
    patienceMs: number | undefined,
    keeper: SendKeeper,
    done: PostAnswer,
  ) {
    const key = record.partitionKey ?? record.key;
    this.topic = record.topic;
    this.partition = record.partition;
    this.keyHash = key === null || record.partition !== undefined ? undefined : murmur2(key);
    this.timestampMs = timestampOf(record.timestampMs, handedOverAtMs);
    this.bytes = sizeOf(record);
    this.handedOverAtMs = handedOverAtMs;
    this.patienceMs = patienceMs;
    this.round = undefined;
    this.#keeper = keeper;
    this.#done = done;
    this.#content = record;
  }

  /** What is to be written, as long as it is not. */
  get content(): RecordContent {
    return this.#content ?? { key: null, value: null, headers: [] };
  }

  /** Its bytes stand in a batch. */
  encoded(): void {
    this.#content = undefined;
  }

  /** The caller gets its buffers back: what is not encoded by now is copied. */
  detach(): void {
    if (this.#content !== undefined) this.#content = ownContent(this.#content);
  }

  /** Room was found. */
  enter(): void {
    this.#keeper.admitted(this);
  }

  /** No room was found. The caller hears of it when its call is behind it. */
  refuse(error: EsteiraError): void {
    this.#content = undefined;
    setImmediate(() => this.answer(error));
  }

  /** The record is in the log. */
  written(partition: number, offset: bigint): void {
    this.#leave();
    if (this.#isAnswered) return;
    this.#answered();
    this.#tell(undefined, { topic: this.topic, partition, offset });
  }

  /** The record was given up. */
  failed(error: EsteiraError): void {
    this.#leave();
    this.answer(error);
  }

  /** Ends the caller's wait; the record goes its way. */
  answer(error: EsteiraError): void {
    if (this.#isAnswered) return;
    this.#answered();
    this.#tell(error);
  }

  /** What takes the caller's deadline back. */
  onAnswer(cancelDeadline: () => void): void {
    this.#cancelDeadline = cancelDeadline;
  }

  /** Once: of a split batch that broke a part was through already. */
  #leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#keeper.left(this);
  }

  #tell(error: EsteiraError | undefined, position?: RecordPosition): void {
    try {
      this.#done(error, position);
    } catch (thrown) {
      throwLater(thrown);
    }
  }

  #answered(): void {
    this.#isAnswered = true;
    this.#cancelDeadline?.();
    this.#keeper.answered(this);
  }
}
