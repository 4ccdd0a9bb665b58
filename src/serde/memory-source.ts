import type { AvroContract, Json } from '../core/contract.ts';
import type { SchemaSource } from './schema-source.ts';

/** A source that lives in this process, for the memory backend and for tests. */
export interface MemorySource extends SchemaSource {
  /** Registers a contract and answers its id; the same schema keeps its id. */
  add(contract: AvroContract<unknown>): number;
}

/** Makes a source of these contracts; ids are given in their order, from 1. */
export const createMemorySource = (contracts: readonly AvroContract<unknown>[] = []): MemorySource => {
  const registered: { readonly subject: string; readonly schema: string }[] = [];
  const find = (subject: string, schema: Json): number => {
    const text = JSON.stringify(schema);
    return registered.findIndex((known) => known.subject === subject && known.schema === text) + 1;
  };
  const source: MemorySource = {
    add: ({ name, schema }) =>
      find(name, schema) || registered.push({ subject: name, schema: JSON.stringify(schema) }),
    schemaById: async (id) => {
      const found = registered[id - 1];
      return found === undefined ? undefined : JSON.parse(found.schema);
    },
    idOf: async (subject, schema) => find(subject, schema) || undefined,
  };
  for (const contract of contracts) source.add(contract);
  return source;
};
