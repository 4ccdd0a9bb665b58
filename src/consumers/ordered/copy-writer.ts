import type { AppDefinition } from '../../core/app.ts';
import { withJobHeaders } from '../../core/envelope.ts';
import type { JobDefinition } from '../../core/job.ts';
import { names } from '../../core/names.ts';
import type { RecordProducer } from '../../core/ports/broker.ts';
import type { OutgoingRecord } from '../../core/record.ts';
import { type InsistParts, insist } from '../backoff.ts';
import type { Entry } from '../entry.ts';
import { placeOf } from './placed.ts';

export interface CopyWriterParts extends InsistParts {
  readonly app: AppDefinition;
  readonly job: JobDefinition<unknown>;
  readonly producer: RecordProducer;
}

/** Long enough that the buffer's queue, and not a second try, brings a copy through a slow moment: order is kept in it. */
const PATIENCE_MS = 120_000;

/** Writes copies of parked records to the waiting topic, each to the partition that goes with its own. */
export class CopyWriter {
  readonly #parts: CopyWriterParts;

  constructor(parts: CopyWriterParts) {
    this.#parts = parts;
  }

  /** Resolves with the copy's offset once it is acknowledged; tries until then. */
  async write(entry: Entry): Promise<number> {
    const record = this.#copyOf(entry);
    const { offset } = await insist(this.#parts, `write to ${record.topic}`, () =>
      this.#parts.producer.send(record, { deadlineMs: PATIENCE_MS }),
    );
    return Number(offset);
  }

  /** Key, value and foreign headers as they came. */
  #copyOf(entry: Entry): OutgoingRecord {
    const { app, job } = this.#parts;
    const { delivery } = entry;
    const order = placeOf(entry);
    const { notBeforeMs } = delivery;
    return {
      topic: names.waiting(app.name, job.type),
      partition: order.waitingPartition,
      key: delivery.record.key,
      value: delivery.record.value,
      headers: withJobHeaders(delivery.record.headers, {
        ...delivery.job,
        ...(notBeforeMs === undefined ? {} : { dueMs: notBeforeMs }),
        origin: delivery.origin,
        orderKey: order.orderKey,
        place: `${order.partition}/${order.place}`,
      }),
    };
  }
}
