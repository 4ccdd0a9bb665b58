import type { Delivery } from '../../consumers/delivery.ts';
import { tooOld } from '../../consumers/found-error.ts';
import { Intake } from '../../consumers/intake.ts';
import type { AppDefinition } from '../../core/app.ts';
import type { JobDefinition } from '../../core/job.ts';
import { names } from '../../core/names.ts';
import { type ConsumedRecord, movedTo } from '../../core/record.ts';
import type { Backend } from '../backend.ts';

/** The tenant is whom the record names; the directory is not asked. */
const AS_SAID = {
  resolve: (id: string | undefined) => id,
  tierOf: () => undefined,
  onTierChanged: () => undefined,
};

/** What the workers of this app would make of records, without working on them. */
export class WorkerIntakes {
  readonly #app: AppDefinition;
  readonly #backend: Pick<Backend, 'serde'>;
  readonly #intakes = new Map<string, Intake>();

  constructor(app: AppDefinition, backend: Pick<Backend, 'serde'>) {
    this.#app = app;
    this.#backend = backend;
  }

  /** Where it stands; undefined when it is nothing to the job type. @throws EsteiraError ESTEIRA_REGISTRY_UNAVAILABLE */
  async whereItStands(job: JobDefinition<unknown>, record: ConsumedRecord): Promise<Delivery | undefined> {
    return this.#of(job).take(record);
  }

  /** If it stood on the inbox. @throws EsteiraError ESTEIRA_REGISTRY_UNAVAILABLE */
  async onInbox(job: JobDefinition<unknown>, record: ConsumedRecord): Promise<Delivery | undefined> {
    return this.#of(job).take(movedTo(names.inbox(this.#app.name, job.type), record));
  }

  #of(job: JobDefinition<unknown>): Intake {
    const known = this.#intakes.get(job.type);
    if (known !== undefined) return known;
    const intake = new Intake({ app: this.#app, job, serde: this.#backend.serde, tenants: AS_SAID });
    this.#intakes.set(job.type, intake);
    return intake;
  }
}

/** Why the workers would bury it before it ran; undefined when they would not. */
export const buriedFor = ({ deadOnArrival }: Delivery): string | undefined =>
  deadOnArrival === undefined ? undefined : `${deadOnArrival.code}: ${deadOnArrival.detail}`;

/**
 * Why the copy would die of its age before it ran; undefined when it would not. Only the event itself says how old it is:
 * without its time the copy counts from its own.
 */
export const expiredFor = (
  job: JobDefinition<unknown>,
  delivery: Delivery,
  nowMs: number,
): string | undefined =>
  delivery.envelope.eventTimeMs === undefined ? undefined : tooOld(job, delivery, nowMs)?.message;
