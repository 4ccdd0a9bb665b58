import type { EsteiraError } from '../../core/errors.ts';
import type { RecordPosition } from '../../core/record.ts';
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

/** What a caller handed over, ready to be written. */
export interface SendContent extends Address {
  readonly topic: string;
  readonly body: Buffer;
  readonly timestampMs: number;
  readonly bytes: number;
  readonly handedOverAtMs: number;
  /** How long the caller waits in all, ms. */
  readonly patienceMs: number | undefined;
}

/**
 * One call of `send`, from the hand-over to its end: one object a record, as there are tens of thousands a second.
 * Only the first answer to the caller counts; the record itself may go on after it.
 */
export class PendingSend implements SendContent {
  readonly topic: string;
  readonly partition: number | undefined;
  readonly keyHash: number | undefined;
  readonly body: Buffer;
  readonly timestampMs: number;
  readonly bytes: number;
  readonly handedOverAtMs: number;
  readonly patienceMs: number | undefined;
  readonly #keeper: SendKeeper;
  readonly #resolve: (position: RecordPosition) => void;
  readonly #reject: (error: EsteiraError) => void;
  #isAnswered = false;
  #cancelDeadline: (() => void) | undefined;

  constructor(
    content: SendContent,
    keeper: SendKeeper,
    resolve: (position: RecordPosition) => void,
    reject: (error: EsteiraError) => void,
  ) {
    this.topic = content.topic;
    this.partition = content.partition;
    this.keyHash = content.keyHash;
    this.body = content.body;
    this.timestampMs = content.timestampMs;
    this.bytes = content.bytes;
    this.handedOverAtMs = content.handedOverAtMs;
    this.patienceMs = content.patienceMs;
    this.#keeper = keeper;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Room was found. */
  enter(): void {
    this.#keeper.admitted(this);
  }

  /** No room was found. */
  refuse(error: EsteiraError): void {
    this.#reject(error);
  }

  /** The record is in the log. */
  written(partition: number, offset: bigint): void {
    this.#keeper.left(this);
    if (this.#isAnswered) return;
    this.#resolve({ topic: this.topic, partition, offset });
    this.#answered();
  }

  /** The record was given up. */
  failed(error: EsteiraError): void {
    this.#keeper.left(this);
    this.answer(error);
  }

  /** Ends the caller's wait; the record goes its way. */
  answer(error: EsteiraError): void {
    if (this.#isAnswered) return;
    this.#reject(error);
    this.#answered();
  }

  /** What takes the caller's deadline back. */
  onAnswer(cancelDeadline: () => void): void {
    this.#cancelDeadline = cancelDeadline;
  }

  #answered(): void {
    this.#isAnswered = true;
    this.#cancelDeadline?.();
    this.#keeper.answered(this);
  }
}
