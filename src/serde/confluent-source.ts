import { type Clock, systemClock } from '../core/clock.ts';
import type { Json } from '../core/contract.ts';
import { RegistryClient, type RegistryOptions } from './registry-client.ts';
import { RegistryGate } from './registry-gate.ts';
import { RememberedLookUp } from './remembered-look-up.ts';
import type { SchemaSource } from './schema-source.ts';

export interface ConfluentSourceOptions extends RegistryOptions {
  /** How long an id the registry does not know is not asked for again, ms; default 30,000. */
  readonly unknownIdMs?: number;
  /** How long a schema that is not registered is not asked for again, ms; default 2,000. */
  readonly unregisteredMs?: number;
  readonly clock?: Clock;
}

const MOST_SCHEMAS = 1_000;
/** Poison can name any id, so many more ids than schemas may be known not to exist. */
const MOST_IDS = 10_000;

/**
 * Schemas from a registry with the Confluent API (Confluent, Apicurio, Karapace, Redpanda). Only reads, never registers.
 *
 * Look-ups have a deadline, are made once for all who wait, at most four at a time, with a pause after failures; ids
 * that exist are remembered for good (they never change), ids that do not for half a minute.
 */
export const createConfluentSource = (options: ConfluentSourceOptions): SchemaSource => {
  const clock = options.clock ?? systemClock;
  const client = new RegistryClient(options);
  const gate = new RegistryGate(clock);
  const schemas = new RememberedLookUp<number, Json>({
    gate,
    clock,
    limit: MOST_IDS,
    negativeMs: options.unknownIdMs ?? 30_000,
  });
  const ids = new RememberedLookUp<string, number>({
    gate,
    clock,
    limit: MOST_SCHEMAS,
    negativeMs: options.unregisteredMs ?? 2_000,
  });
  return {
    schemaById: (id) => schemas.get(id, () => client.schemaById(id)),
    idOf: (subject, schema) =>
      ids.get(`${subject} ${JSON.stringify(schema)}`, async () => (await client.lookUp(subject, schema))?.id),
  };
};
