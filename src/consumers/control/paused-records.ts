import type { Controls } from '../../core/controls.ts';
import type { Envelope } from '../../core/envelope.ts';
import { isEsteiraError } from '../../core/errors.ts';
import { whenKnown } from '../../core/known.ts';
import { UNKNOWN_TENANT } from '../../core/tenants.ts';
import type { TenantResolver } from '../tenant-resolver.ts';
import type { StartControl } from './start-control.ts';

export interface PausedRecordsParts {
  readonly control: Pick<StartControl, 'controls' | 'watch'>;
  readonly tenants: Pick<TenantResolver, 'resolve'>;
}

interface Waiting {
  readonly jobType: string;
  readonly tenant: string;
  readonly goOn: () => void;
}

/** Records on a tier that wait because of a pause: let go when it is lifted, and not only when their tier is over. */
export class PausedRecords {
  readonly #parts: PausedRecordsParts;
  readonly #waiting = new Map<object, Waiting>();

  constructor(parts: PausedRecordsParts) {
    this.#parts = parts;
    parts.control.watch((controls) => this.#look(controls));
  }

  /** Takes note of a record; `goOn` is called once when no pause holds it, perhaps before this returns. */
  add(record: object, { tenant: raw, job }: Envelope, goOn: () => void): void {
    if (job?.isPaused !== true) return;
    const known = whenKnown(this.#parts.tenants.resolve(raw), (tenant = UNKNOWN_TENANT) => {
      const waiting = { jobType: job.type, tenant, goOn };
      this.#waiting.set(record, waiting);
      this.#lookAt(record, waiting, this.#parts.control.controls);
    });
    if (!(known instanceof Promise)) return;
    known.catch((error: unknown) => {
      // Nobody can say whose it is: it waits for its tier, as it would without a resume.
      if (!isEsteiraError(error, 'ESTEIRA_TENANTS_UNAVAILABLE')) throw error;
    });
  }

  /** The record goes on by itself. */
  delete(record: object): void {
    this.#waiting.delete(record);
  }

  #look(controls: Controls): void {
    for (const [record, waiting] of this.#waiting) this.#lookAt(record, waiting, controls);
  }

  #lookAt(record: object, waiting: Waiting, controls: Controls): void {
    if (controls.pauseOfJob(waiting) !== undefined) return;
    this.#waiting.delete(record);
    waiting.goOn();
  }
}
