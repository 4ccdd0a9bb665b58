import type { Delivery } from '../../consumers/delivery.ts';
import { Intake } from '../../consumers/intake.ts';
import type { AppDefinition } from '../../core/app.ts';
import type { JobDefinition } from '../../core/job.ts';
import { names } from '../../core/names.ts';
import type { Serde } from '../../core/ports/serde.ts';
import { type ConsumedRecord, movedTo } from '../../core/record.ts';

/** A record as the workers of a job type understand it. */
export interface Understood {
  readonly app: AppDefinition;
  readonly serde: Serde;
  readonly job: JobDefinition<unknown>;
  readonly record: ConsumedRecord;
  /** Whose it is; default as the record says. The tenant directory is not asked. */
  readonly tenant?: string;
}

/**
 * The delivery of a record, by which the store knows its claim and its sequence; undefined when it is nothing to the
 * job type. One on a tier is understood as if it stood on the inbox it goes to.
 *
 * @throws EsteiraError ESTEIRA_REGISTRY_UNAVAILABLE
 */
export const deliveryOf = async (what: Understood): Promise<Delivery | undefined> => {
  const { app, serde, job, record, tenant } = what;
  const tenants = {
    resolve: (id: string | undefined) => tenant ?? id,
    tierOf: () => undefined,
    onTierChanged: () => undefined,
  };
  const isOnTier = app.ladderMs.some((tierMs) => names.tier(app.name, tierMs) === record.topic);
  const taken = isOnTier ? movedTo(names.inbox(app.name, job.type), record) : record;
  return new Intake({ app, job, serde, tenants }).take(taken);
};
