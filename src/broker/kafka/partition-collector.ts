import type { Clock } from '../../core/clock.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { TopicPartition } from '../../core/record.ts';
import type { WriteResult } from './guarded-sender.ts';
import { RecordBatch } from './record-batch.ts';
import type { RecordContent } from './record-body.ts';

/** Who waits for a record to be written. */
export interface Pending {
  readonly bytes: number;
  /** Whether it may wait for company. */
  readonly mayWait: boolean;
  written(at: TopicPartition, offset: bigint): void;
  failed(error: EsteiraError): void;
  /** Ends its caller's wait, while it goes its way. */
  answer(error: EsteiraError): void;
}

/** A batch's memory up to this is kept for the next one while records keep coming, bytes. */
const MOST_KEPT_BYTES = 1024 * 1024;
/** One in flight, and one that records are added to. */
const MOST_SPARES = 2;

/** A batch of so many says that many records keep coming. */
const BUSY_RECORDS = 16;
const TICKS_WHILE_FEW = 5;
/** Records that may wait leave at ticks so far apart, ms. */
const PATIENT_TICK_MS = 25;

/** How a collector is wired. */
export interface CollectorWiring {
  readonly clock: Clock;
  /** How long a batch that is not full waits for more from its first record on, ms; 0 is until the end of the turn. */
  readonly lingerMs: number;
  /**
   * While records keep coming they leave at the ticks of a common clock, so far apart, ms, or a fifth of it while few
   * come: a request costs as much as a hundred records, here and there, and partitions that leave together share one.
   * 0 where nothing gathers.
   */
  readonly gatherMs: number;
  write(batch: RecordBatch): Promise<WriteResult>;
  /** Told whenever a batch leaves, so that records without a key go to the next partition. */
  onDeparture(): void;
}

/** A batch and whose records are in it, in the same order. */
interface Load {
  readonly batch: RecordBatch;
  readonly beganAtMs: number;
  /** Whether all of its records may wait for company. */
  mayWait: boolean;
  readonly records: Pending[];
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
  /** In the order they leave; only the last one takes records. */
  #waiting: Load[] = [];
  #inFlight: Load | undefined;
  /** Batches that are through, whose memory can be used again. */
  #spares: RecordBatch[] = [];
  #isBusy = false;
  /** Whether it lingers only because all that waits may wait for company. */
  #isPatient = false;
  /** When records last left. */
  #leftAtMs = Number.NEGATIVE_INFINITY;
  /** Ends the wait for more records, while there is one. */
  #stopLingering: (() => void) | undefined;

  constructor(at: TopicPartition, wiring: CollectorWiring) {
    this.#at = at;
    this.#wiring = wiring;
  }

  /** Encodes a record behind all that were added before; its buffers are the caller's again afterwards. */
  add(content: RecordContent, timestampMs: number, record: Pending): void {
    const last = this.#waiting[this.#waiting.length - 1];
    if (last?.batch.add(content, timestampMs) === true) {
      last.records.push(record);
      if (!record.mayWait) last.mayWait = false;
    } else this.#begin(content, timestampMs, record);
    if (!this.#isBusy) this.#rise(record.mayWait);
    else if (this.#isPatient && !record.mayWait) this.#stopLingering?.();
  }

  /** Something waits again after a rest. */
  #rise(mayWait: boolean): void {
    this.#isBusy = true;
    this.#isPatient = mayWait;
    const waitMs = mayWait ? this.#toTickMs(PATIENT_TICK_MS) : this.#firstWaitMs();
    if (waitMs > 0) this.#linger(waitMs);
    else setImmediate(() => void this.#fly());
  }

  /** Fails everything that is not in flight, and ends the wait of the callers of what is. */
  fail(error: EsteiraError): void {
    const failed = this.#waiting;
    this.#waiting = [];
    for (const record of this.#inFlight?.records ?? []) record.answer(error);
    for (const { records } of failed) for (const record of records) record.failed(error);
  }

  #begin(content: RecordContent, timestampMs: number, record: Pending): void {
    const batch = this.#spares.pop() ?? new RecordBatch();
    batch.add(content, timestampMs);
    const beganAtMs = this.#wiring.clock.nowMs();
    this.#waiting.push({ batch, beganAtMs, mayWait: record.mayWait, records: [record] });
    // The batch before is full: nothing is won by waiting.
    if (this.#waiting.length > 1) this.#stopLingering?.();
  }

  #linger(leftMs: number): void {
    const leave = (): void => {
      this.#stopLingering = undefined;
      void this.#fly();
    };
    const cancel = this.#wiring.clock.after(leftMs, leave);
    this.#stopLingering = () => {
      cancel();
      this.#stopLingering = undefined;
      setImmediate(leave);
    };
  }

  /** Sends what waits, batch by batch; the last one, when it is not full, may linger first. */
  async #fly(): Promise<void> {
    for (let load = this.#waiting.shift(); load !== undefined; load = this.#waiting.shift()) {
      this.#wiring.onDeparture();
      this.#inFlight = load;
      this.#leftAtMs = this.#wiring.clock.nowMs();
      try {
        await this.#write(load);
      } catch (cause) {
        this.#broke(load, cause);
      }
      this.#inFlight = undefined;
      const leftMs = this.#lingersMs(load.records.length >= BUSY_RECORDS);
      if (leftMs > 0) return this.#linger(leftMs);
    }
    this.#spares = [];
    this.#isBusy = false;
  }

  /** How long the first record after a rest waits, ms: not at all, unless another left a moment ago. */
  #firstWaitMs(): number {
    const { clock, lingerMs, gatherMs } = this.#wiring;
    const tickMs = gatherMs / TICKS_WHILE_FEW;
    return clock.nowMs() - this.#leftAtMs < tickMs ? this.#toTickMs(tickMs) : lingerMs;
  }

  /** How long what waits should still wait, ms; a batch behind the first says that the first is full. */
  #lingersMs(isBusy: boolean): number {
    const [first, second] = this.#waiting;
    const { clock, lingerMs, gatherMs } = this.#wiring;
    if (second !== undefined) return 0;
    // Busy and empty: what comes next would leave alone.
    if (gatherMs > 0 && (isBusy || first !== undefined))
      return this.#toTickMs(isBusy ? gatherMs : gatherMs / TICKS_WHILE_FEW);
    this.#isPatient = first?.mayWait === true;
    if (this.#isPatient) return this.#toTickMs(PATIENT_TICK_MS);
    return first === undefined ? 0 : first.beganAtMs + lingerMs - clock.nowMs();
  }

  #toTickMs(tickMs: number): number {
    return tickMs - (this.#wiring.clock.nowMs() % tickMs);
  }

  /** Nothing should throw here; if it does, the partition must not stand still for ever. */
  #broke({ records }: Load, cause: unknown): void {
    const message = 'The batch could not be written: it may be in the log or not.';
    const error = new EsteiraError('ESTEIRA_PUBLISH_UNKNOWN', message, { facts: { ...this.#at }, cause });
    for (const record of records) record.failed(error);
  }

  async #write(load: Pick<Load, 'batch' | 'records'>): Promise<void> {
    const result = await this.#wiring.write(load.batch);
    switch (result.kind) {
      case 'written':
        if (result.attempts === 1) this.#keep(load.batch);
        return this.#written(load.records, result.baseOffset);
      case 'too-large':
        return this.#split(load);
      case 'failed':
        for (const record of load.records) record.failed(result.error);
    }
  }

  /** Only what went through at once: an attempt that hung could still read the bytes. */
  #keep(batch: RecordBatch): void {
    if (batch.capacity > MOST_KEPT_BYTES || this.#spares.length === MOST_SPARES) return;
    batch.clear();
    this.#spares.push(batch);
  }

  #written(records: readonly Pending[], baseOffset: bigint): void {
    let offset = baseOffset;
    for (let index = 0; index < records.length; index++, offset += 1n)
      records[index]?.written(this.#at, offset);
  }

  async #split({ batch, records }: Pick<Load, 'batch' | 'records'>): Promise<void> {
    const [only] = records;
    if (records.length === 1 && only !== undefined) return only.failed(tooLarge(this.#at, only.bytes));
    const half = Math.ceil(records.length / 2);
    const written = batch.records();
    await this.#write({ batch: RecordBatch.of(written.slice(0, half)), records: records.slice(0, half) });
    await this.#write({ batch: RecordBatch.of(written.slice(half)), records: records.slice(half) });
  }
}
