import { JobEvent } from '../../core/generated/job-event.ts';
import type { Decoded, Serde } from '../../core/ports/serde.ts';
import type { ConsumedRecord } from '../../core/record.ts';
import { FRAME_HEADER_BYTES } from '../../serde/frame.ts';
import type { StoreWriter } from '../../telemetry/projection/store-writer.ts';

/** Stands in the frame of what is written with the contract's own schema. */
const SAMPLE: JobEvent = {
  ...{ eventId: '', type: '', time: 0, jobId: '', jobType: '', className: null, queue: '', kind: '' },
  ...{ tenantId: '', userId: null, correlationId: '', causationId: null, traceparent: null },
  ...{ executionId: null, service: '', attempt: 0, starts: 0, maxAttempts: 0, origin: '', hop: 0 },
  ...{ queueWaitMs: null, runMs: null, latenessMs: null, dueAt: null, errorCode: null, errorClass: null },
  ...{ errorMessage: null, errorFingerprint: null, reason: null, fence: null, replayId: null },
  ...{ costMicros: null, costCurrency: null, dimensions: {}, metrics: {}, codeVersion: null, host: '' },
};

/**
 * The registry's id of the contract's own schema.
 *
 * @throws EsteiraError ESTEIRA_SCHEMA_NOT_REGISTERED, ESTEIRA_REGISTRY_UNAVAILABLE
 */
export const ownSchemaId = async (serde: Serde): Promise<number> =>
  (await serde.encode(JobEvent, SAMPLE)).readInt32BE(1);

/** Gives the records of the telemetry topic to a writer, those of other schemas by way of the contract's own. */
export class RecordTaker {
  readonly #serde: Serde;
  readonly #writer: StoreWriter;
  readonly #schemaId: number;

  constructor(serde: Serde, writer: StoreWriter, schemaId: number) {
    this.#serde = serde;
    this.#writer = writer;
    this.#schemaId = schemaId;
  }

  /** Takes a record at once; false when the registry has to be asked first: then `takeLater`. */
  take(record: ConsumedRecord): boolean {
    if (this.#takeOwn(record)) return true;
    const decoded = this.#serde.decode(JobEvent, record.value);
    if (decoded instanceof Promise) {
      decoded.catch(() => undefined); // asked again by takeLater, whose caller is told
      return false;
    }
    return this.#takeDecoded(record, decoded);
  }

  /** @throws EsteiraError ESTEIRA_REGISTRY_UNAVAILABLE: the record was not taken. */
  async takeLater(record: ConsumedRecord): Promise<void> {
    this.#takeDecoded(record, await this.#serde.decode(JobEvent, record.value));
  }

  #takeOwn(record: ConsumedRecord): boolean {
    const { value } = record;
    if (value === null || value.length < FRAME_HEADER_BYTES) return false;
    if (value[0] !== 0 || value.readInt32BE(1) !== this.#schemaId) return false;
    return this.#writer.add(placeOf(record), value.subarray(FRAME_HEADER_BYTES)) === undefined;
  }

  #takeDecoded(record: ConsumedRecord, decoded: Decoded<JobEvent>): true {
    const place = placeOf(record);
    if (!decoded.ok) {
      this.#writer.addProblem({ ...place, code: decoded.code, detail: decoded.detail });
      return true;
    }
    const frame = this.#serde.encode(JobEvent, decoded.value);
    // The schema's id is known since ownSchemaId, so that this is no promise.
    const problem = Buffer.isBuffer(frame)
      ? this.#writer.add(place, frame.subarray(FRAME_HEADER_BYTES))
      : 'its schema is not known any more';
    if (problem !== undefined) this.#writer.addProblem({ ...place, code: 'VALUE_UNFIT', detail: problem });
    return true;
  }
}

const placeOf = ({ partition, offset }: ConsumedRecord) => ({ partition, offset: Number(offset) });
