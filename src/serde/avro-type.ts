import type avsc from 'avsc';
import type { AvroContract, Json } from '../core/contract.ts';
import { EsteiraError } from '../core/errors.ts';
import { guardedAvroType } from './guarded-types.ts';

/**
 * The type values of a contract are read and written with. Unions are raw values.
 *
 * @throws EsteiraError ESTEIRA_SCHEMA_INVALID when the schema is not Avro, or its name is not the contract's.
 */
export const contractType = (contract: AvroContract<unknown>): avsc.Type => {
  const { type, problem } = readerType(contract);
  if (type !== undefined) return type;
  throw new EsteiraError(
    'ESTEIRA_SCHEMA_INVALID',
    `The contract ${contract.name} is not usable: ${problem}.`,
    {
      facts: { contract: contract.name, problem },
    },
  );
};

/** As {@link contractType}, but a schema that is not usable is an answer. */
export const readerType = ({ name, schema }: AvroContract<unknown>): ParsedType => {
  const parsed = parseType(schema, 'never');
  if (parsed.type === undefined) return parsed;
  if (parsed.type.typeName === 'record' && parsed.type.name === name) return parsed;
  return {
    problem: `the schema is of ${parsed.type.name ?? parsed.type.typeName}, not a record of that name`,
  };
};

/** A schema somebody wrote with; without `type` when it cannot be used, and why. */
export interface WriterSchema {
  readonly id: number;
  readonly type?: avsc.Type;
  /** The full name of its record. */
  readonly name?: string;
  readonly problem?: string;
}

/** Reads a writer's schema. It may use more of Avro than ours may: what the reader drops need not be in the subset. */
export const writerSchema = (id: number, schema: Json): WriterSchema => {
  const { type, problem } = parseType(schema, 'always');
  if (type === undefined) return { id, problem: `schema ${id} is not Avro: ${problem}` };
  if (type.typeName !== 'record' || type.name === undefined)
    return { id, problem: `schema ${id} is not a record` };
  return { id, type, name: type.name };
};

/** Why avsc does not take this for a schema; undefined when it does. */
export const avroProblem = (schema: Json): string | undefined => parseType(schema, 'never').problem;

/** An avsc type, or why there is none. */
export type ParsedType =
  | { readonly type: avsc.Type; readonly problem?: never }
  | { readonly type?: never; readonly problem: string };

/** avsc keeps parts of what it is given, so it gets a copy. Its messages are about the schema: no payload in them. */
const parseType = (schema: Json, unions: 'never' | 'always'): ParsedType => {
  try {
    return { type: guardedAvroType(JSON.parse(JSON.stringify(schema)), unions) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'unknown' };
  }
};
