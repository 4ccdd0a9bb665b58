import { createRequire } from 'node:module';
import { EsteiraError } from '../../core/errors.ts';
import type { DuckDB } from './duckdb.ts';

/** A vector of DuckDB's, as its package hands it out. */
export type NativeVector = { readonly __duckdb_type: 'duckdb_vector' };
/** A chunk of DuckDB's: as many vectors as a table has columns, up to {@link CHUNK_ROWS} rows. */
export type NativeChunk = ReturnType<DuckDB['DuckDBDataChunk']['create']>['chunk'];

/**
 * What is used of DuckDB's C interface, by the names it has there. The package above it copies value by value, which costs
 * more than all the rest of a row; here a column of a chunk is one copy.
 */
export interface NativeVectors {
  data_chunk_reset(chunk: NativeChunk): void;
  data_chunk_set_size(chunk: NativeChunk, rows: number): void;
  data_chunk_get_vector(chunk: NativeChunk, column: number): NativeVector;
  vector_size(): number;
  vector_get_data(vector: NativeVector, bytes: number): Uint8Array;
  vector_ensure_validity_writable(vector: NativeVector): void;
  vector_assign_string_element_len(vector: NativeVector, row: number, bytes: Uint8Array): void;
  copy_data_to_vector(
    to: NativeVector,
    at: number,
    from: ArrayBufferLike,
    fromAt: number,
    bytes: number,
  ): void;
  copy_data_to_vector_validity(
    to: NativeVector,
    at: number,
    from: ArrayBufferLike,
    fromAt: number,
    bytes: number,
  ): void;
  list_vector_reserve(vector: NativeVector, entries: number): void;
  list_vector_set_size(vector: NativeVector, entries: number): void;
  list_vector_get_child(vector: NativeVector): NativeVector;
  struct_vector_get_child(vector: NativeVector, index: number): NativeVector;
}

/** Rows of a full chunk. */
export const CHUNK_ROWS = 2_048;

const USED: readonly (keyof NativeVectors)[] = [
  ...(['data_chunk_reset', 'data_chunk_set_size', 'data_chunk_get_vector', 'vector_size'] as const),
  ...(['vector_get_data', 'vector_ensure_validity_writable', 'vector_assign_string_element_len'] as const),
  ...(['copy_data_to_vector', 'copy_data_to_vector_validity', 'list_vector_reserve'] as const),
  ...(['list_vector_set_size', 'list_vector_get_child', 'struct_vector_get_child'] as const),
];

const isNativeVectors = (made: unknown): made is NativeVectors =>
  typeof made === 'object' &&
  made !== null &&
  USED.every((name) => name in made && typeof Reflect.get(made, name) === 'function');

/**
 * The interface below `@duckdb/node-api`, found where that package finds it.
 *
 * @throws EsteiraError ESTEIRA_PACKAGE_MISSING when this version has another one.
 */
export const loadNativeVectors = (): NativeVectors => {
  const here = createRequire(import.meta.url);
  const native: unknown = createRequire(here.resolve('@duckdb/node-api'))('@duckdb/node-bindings');
  if (isNativeVectors(native) && native.vector_size() === CHUNK_ROWS) return native;
  throw unsupported();
};

/** This version of DuckDB keeps its vectors in another way than the one this was written for. */
export const unsupported = (): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_PACKAGE_MISSING',
    'The installed version of DuckDB cannot be written to in columns: `npm install @duckdb/node-api@1.5`',
    { facts: { package: '@duckdb/node-api' } },
  );
