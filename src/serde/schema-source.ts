import type { Json } from '../core/contract.ts';

/** Where schemas and their ids come from: a registry, or this process's memory. It registers nothing. */
export interface SchemaSource {
  /**
   * The schema of an id; undefined when there is none. What is registered but no Avro comes as whatever it is.
   *
   * @throws EsteiraError ESTEIRA_REGISTRY_UNAVAILABLE: nothing is known about the id, ask again later.
   */
  schemaById(id: number): Promise<Json | undefined>;
  /**
   * The id under which exactly this schema (docs included) is registered; undefined when it is not.
   *
   * @throws EsteiraError ESTEIRA_REGISTRY_UNAVAILABLE.
   */
  idOf(subject: string, schema: Json): Promise<number | undefined>;
}
