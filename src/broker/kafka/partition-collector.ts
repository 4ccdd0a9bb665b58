import { EsteiraError } from '../../core/errors.ts';
import type { TopicPartition } from '../../core/record.ts';
import type { WriteResult } from './guarded-sender.ts';
import type { BatchRecord } from './record-batch.ts';

/** A record that waits to be written. */
export interface Pending extends BatchRecord {
  readonly bytes: number;
  written(partition: number, offset: bigint): void;
  failed(error: EsteiraError): void;
}

/** Most of one batch: Kafka refuses more than 1 MiB by default, and larger batches gain nothing. */
const MOST_RECORDS = 1_000;
const MOST_BYTES = 900 * 1024;
/** What a record takes beside its key, value and headers, at most. */
const RECORD_OVERHEAD_BYTES = 32;

/** How a collector is wired. */
export interface CollectorWiring {
  write(records: readonly BatchRecord[]): Promise<WriteResult>;
  /** Calls back when a batch may leave: at the end of the turn, or after the linger time. */
  soon(callback: () => void): void;
  /** Told whenever a batch leaves, so that records without a key go to the next partition. */
  onDeparture(): void;
}

const tooLarge = (at: TopicPartition, bytes: number): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_RECORD_TOO_LARGE',
    'The record is larger than the topic allows: nothing was written.',
    {
      facts: { ...at, bytes },
    },
  );

/** Gathers the records of one partition; one batch is in flight, what arrives meanwhile is the next. */
export class PartitionCollector {
  readonly #at: TopicPartition;
  readonly #wiring: CollectorWiring;
  #waiting: Pending[] = [];
  #isBusy = false;

  constructor(at: TopicPartition, wiring: CollectorWiring) {
    this.#at = at;
    this.#wiring = wiring;
  }

  /** Queues a record behind all that were added before. */
  add(record: Pending): void {
    this.#waiting.push(record);
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#wiring.soon(() => void this.#fly());
  }

  /** Fails everything that is not in flight. */
  fail(error: EsteiraError): void {
    const failed = this.#waiting;
    this.#waiting = [];
    for (const record of failed) record.failed(error);
  }

  async #fly(): Promise<void> {
    while (this.#waiting.length > 0) {
      this.#wiring.onDeparture();
      const batch = this.#takeBatch();
      await this.#write(batch).catch((cause: unknown) => this.#broke(batch, cause));
    }
    this.#isBusy = false;
  }

  /** Nothing should throw here; if it does, the partition must not stand still for ever. */
  #broke(batch: readonly Pending[], cause: unknown): void {
    const message = 'The batch could not be written: it may be in the log or not.';
    const error = new EsteiraError('ESTEIRA_PUBLISH_UNKNOWN', message, { facts: { ...this.#at }, cause });
    for (const record of batch) record.failed(error);
  }

  #takeBatch(): readonly Pending[] {
    let bytes = 0;
    let count = 0;
    for (const record of this.#waiting) {
      bytes += record.bytes + RECORD_OVERHEAD_BYTES;
      if (count > 0 && (count >= MOST_RECORDS || bytes > MOST_BYTES)) break;
      count++;
    }
    const batch = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    return batch;
  }

  async #write(batch: readonly Pending[]): Promise<void> {
    const result = await this.#wiring.write(batch);
    if (result.kind === 'too-large') return this.#split(batch);
    for (const [index, record] of batch.entries())
      if (result.kind === 'failed') record.failed(result.error);
      else record.written(this.#at.partition, result.baseOffset + BigInt(index));
  }

  async #split(batch: readonly Pending[]): Promise<void> {
    const [only] = batch;
    if (batch.length === 1 && only !== undefined) return only.failed(tooLarge(this.#at, only.bytes));
    const half = Math.ceil(batch.length / 2);
    await this.#write(batch.slice(0, half));
    await this.#write(batch.slice(half));
  }
}
