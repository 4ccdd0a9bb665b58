import type { Worker, WorkerStatus } from '../../consumers/engine-parts.ts';
import { EsteiraError } from '../../core/errors.ts';
import { JobEvent } from '../../core/generated/job-event.ts';
import { names } from '../../core/names.ts';
import type { OffsetRange } from '../../core/ports/broker.ts';
import { type ConsumedRecord, copyRecord } from '../../core/record.ts';
import { createRowReader } from '../../serde/row-reader.ts';
import { openProjectionStore, type ProjectionStore } from '../../telemetry/projection/store.ts';
import type { StoreWriter } from '../../telemetry/projection/store-writer.ts';
import { Housekeeping } from './housekeeping.ts';
import type { ProjectionParts } from './projection-parts.ts';
import { ownSchemaId, RecordTaker } from './record-taker.ts';
import { nextSlices, recordsIn, type TopicSlice } from './topic-slices.ts';

/** How far a projection is. */
export interface ProjectionLag {
  /** Records of the topic that are not in the store yet, as of the last look. */
  readonly records: number;
  /** Records read since the start of this process. */
  readonly taken: number;
}

/** A projection as a part of the process. */
export interface Projection extends Worker {
  lag(): ProjectionLag;
}

/** Fewer records than this are worth waiting for company, so long, ms. */
const FULL_ROUND = 10_000;
const PAUSE_MS = 500;
const LONGEST_BACK_OFF_MS = 10_000;

/** What is open between `start` and `stop`. */
interface Open {
  readonly store: ProjectionStore;
  readonly beside: { close(): Promise<void> } | undefined;
  readonly housekeeping: Housekeeping;
  writer: StoreWriter;
  taker: RecordTaker;
}

/**
 * Reads the telemetry topic into the store, without a group: where it stands is in the store, in the same commit as the rows.
 * What the broker, the registry or the disk refuse is tried again; meanwhile the part is not ready.
 */
export const createProjection = (parts: ProjectionParts): Projection => new TopicProjection(parts);

class TopicProjection implements Projection {
  readonly #parts: ProjectionParts;
  readonly #topic: string;
  #open: Open | undefined;
  #running: Promise<void> | undefined;
  #stopping = false;
  #wake: () => void = () => undefined;
  #trouble: string | undefined;
  #failures = 0;
  #lag = 0;
  #taken = 0;
  #partitions = 0;

  constructor(parts: ProjectionParts) {
    this.#parts = parts;
    this.#topic = names.telemetry(parts.app);
  }

  async start(): Promise<void> {
    const { path, log, beside } = this.#parts;
    const store = await openProjectionStore(path);
    try {
      const { writer, taker } = await this.#openWriter(store);
      const housekeeping = new Housekeeping(this.#parts, this.#topic);
      await housekeeping.moveHorizon(writer);
      this.#open = { store, writer, taker, housekeeping, beside: await beside?.(store) };
      await this.#look(writer);
    } catch (error) {
      await store.close();
      throw error;
    }
    log.info('projection.opened', { path, state: store.state, lag: this.#lag });
    this.#running = this.#run(this.#open);
  }

  /** What was read is committed: some tenths of a second, which are within any grace. */
  async drain(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#running;
  }

  async stop(): Promise<void> {
    await this.drain();
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    await open.housekeeping.tellGroup(open.writer);
    await open.beside?.close();
    open.writer.close();
    await open.store.close();
  }

  status(): WorkerStatus {
    return {
      name: 'projection',
      assigned: this.#partitions,
      running: this.#open === undefined ? 0 : 1,
      waiting: this.#lag,
      suspended: this.#trouble === undefined ? [] : [this.#trouble],
      note: `${this.#lag} records behind`,
    };
  }

  lag(): ProjectionLag {
    return { records: this.#lag, taken: this.#taken };
  }

  async #openWriter(store: ProjectionStore): Promise<Pick<Open, 'writer' | 'taker'>> {
    const read = createRowReader(JobEvent);
    if (read === undefined) throw new TypeError('the telemetry contract has a type without a column');
    const schemaId = await ownSchemaId(this.#parts.serde);
    const writer = await store.writer(read);
    return { writer, taker: new RecordTaker(this.#parts.serde, writer, schemaId) };
  }

  async #run(open: Open): Promise<void> {
    while (!this.#stopping) {
      try {
        const records = await this.#round(open);
        await open.housekeeping.look(open.writer);
        this.#calmed();
        if (records < Math.min(FULL_ROUND, this.#parts.commitRecords ?? FULL_ROUND))
          await this.#pause(PAUSE_MS);
      } catch (error) {
        this.#troubled(error);
        await this.#pause(Math.min(LONGEST_BACK_OFF_MS, PAUSE_MS * 2 ** Math.min(this.#failures, 8)));
      }
    }
  }

  #calmed(): void {
    if (this.#trouble !== undefined) this.#parts.log.info('projection.goes_on', { lag: this.#lag });
    this.#trouble = undefined;
    this.#failures = 0;
  }

  #troubled(error: unknown): void {
    const trouble = error instanceof Error ? error.message : String(error);
    if (this.#trouble === undefined) this.#parts.log.warn('projection.stands', { detail: trouble });
    this.#trouble = trouble;
    this.#failures += 1;
  }

  /** One commit's worth; answers its records. A store that fails is read anew from its last commit. */
  async #round(open: Open): Promise<number> {
    const slices = await this.#look(open.writer);
    if (slices.length === 0) return 0;
    const problems: unknown[] = [];
    try {
      await open.writer.begin();
      const read = await Promise.allSettled(slices.map((slice) => this.#readSlice(open, slice)));
      for (const result of read) if (result.status === 'rejected') problems.push(result.reason);
      this.#taken += open.writer.pending;
      await open.writer.commit();
    } catch (error) {
      open.writer.close();
      Object.assign(open, await this.#openWriter(open.store));
      throw error;
    }
    if (problems.length > 0) throw problems[0];
    return recordsIn(slices);
  }

  /** Where the topic ends now, and what of it is to be read next. */
  async #look(writer: StoreWriter): Promise<readonly TopicSlice[]> {
    const ranges = await this.#parts.broker.admin.offsetRanges(this.#topic);
    for (const range of ranges) this.#checkRange(range, writer);
    const nextOf = ({ partition, low }: OffsetRange): bigint => BigInt(writer.nextOf(partition) ?? low);
    this.#partitions = ranges.length;
    this.#lag = ranges.reduce((sum, range) => sum + Number(range.high - nextOf(range)), 0);
    return nextSlices(ranges, nextOf, this.#parts.commitRecords);
  }

  /** The topic may have lost what was not read yet; it may also be another topic of the name. */
  #checkRange({ partition, low, high }: OffsetRange, writer: StoreWriter): void {
    const next = writer.nextOf(partition);
    if (next === undefined) return;
    if (BigInt(next) > high) throw anotherTopic(this.#parts.path, this.#topic, partition, next, high);
    if (BigInt(next) >= low) return;
    this.#parts.log.warn('projection.records_lost', { partition, from: next, to: Number(low) });
    writer.skipTo(partition, Number(low));
  }

  async #readSlice({ writer, taker }: Open, slice: TopicSlice): Promise<void> {
    const { admin } = this.#parts.broker;
    const { partition, to } = slice;
    let fault: unknown;
    for (let from = slice.from; from < to && !this.#stopping; ) {
      let later: ConsumedRecord | undefined;
      await admin.read({ topic: this.#topic, partition, from, to }, (record) => {
        try {
          if (taker.take(record)) return !this.#stopping;
          later = copyRecord(record);
        } catch (error) {
          fault = error;
        }
        return false;
      });
      if (fault !== undefined) throw fault;
      if (later === undefined) return;
      await taker.takeLater(later);
      from = BigInt(writer.nextOf(partition) ?? to);
    }
  }

  /** Lets time pass, or less of it when the part is to stop. */
  async #pause(ms: number): Promise<void> {
    if (this.#stopping) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#parts.clock.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}

const anotherTopic = (
  path: string,
  topic: string,
  partition: number,
  next: number,
  high: bigint,
): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_PROJECTION_UNAVAILABLE',
    `The projection ${path} stands at ${topic}/${partition}/${next}, where the topic ends at ${high}: it was built from another topic of this name. Move the file away, and it is built again from this one`,
    { facts: { path, topic, partition, next } },
  );
