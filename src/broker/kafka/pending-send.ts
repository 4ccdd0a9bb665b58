import type { EsteiraError } from '../../core/errors.ts';
import type { PostAnswer } from '../../core/ports/broker.ts';
import type { RecordPosition, TopicPartition } from '../../core/record.ts';
import { throwLater } from '../../core/stray-error.ts';
import type { FlushRound } from './open-sends.ts';

/** Who keeps the sends of a producer. */
export interface SendKeeper {
  /** It is in the log, or never will be by this producer: its room is free. */
  left(send: PendingSend): void;
  /** Its caller has an answer. */
  answered(send: PendingSend): void;
}

/**
 * The caller of one record handed over, from the call to its end: one small object a record, as there are tens of
 * thousands a second. Only the first answer to the caller counts; the record itself may go on after it.
 */
export class PendingSend {
  /** Of key, value and headers, about. */
  readonly bytes: number;
  /** Whether it may wait for company. */
  readonly mayWait: boolean;
  /** The flush that waits for it. */
  round: FlushRound | undefined;
  readonly #keeper: SendKeeper;
  readonly #done: PostAnswer;
  #hasLeft = false;
  #isAnswered = false;
  #cancelDeadline: (() => void) | undefined;

  constructor(bytes: number, mayWait: boolean, keeper: SendKeeper, done: PostAnswer) {
    this.bytes = bytes;
    this.mayWait = mayWait;
    this.round = undefined;
    this.#keeper = keeper;
    this.#done = done;
  }

  /** No room was found. The caller hears of it when its call is behind it. */
  refuse(error: EsteiraError): void {
    setImmediate(() => this.answer(error));
  }

  /** The record is in the log. */
  written({ topic, partition }: TopicPartition, offset: bigint): void {
    this.#leave();
    if (this.#isAnswered) return;
    this.#answered();
    this.#tell(undefined, { topic, partition, offset });
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
