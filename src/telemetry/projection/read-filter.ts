import type { DuckDBConnection } from './duckdb.ts';
import type { NativeVectors } from './native-vectors.ts';
import { SeenFilter } from './seen-filter.ts';

/** The filter of every event id the store has. */
export const readFilter = async (
  connection: DuckDBConnection,
  native: NativeVectors,
): Promise<SeenFilter> => {
  const filter = new SeenFilter();
  const result = await connection.stream('SELECT event_id, batch FROM events');
  for (
    let part = await result.fetchChunk();
    part !== null && part.rowCount > 0;
    part = await result.fetchChunk()
  ) {
    const ids = native.vector_get_data(native.data_chunk_get_vector(part.chunk, 0), 16 * part.rowCount);
    const batches = native.vector_get_data(native.data_chunk_get_vector(part.chunk, 1), 4 * part.rowCount);
    const words = new Uint32Array(ids.buffer, ids.byteOffset, 4 * part.rowCount);
    const numbers = new Int32Array(batches.buffer, batches.byteOffset, part.rowCount);
    for (let row = 0; row < part.rowCount; row++) filter.add(words, 4 * row, numbers[row] ?? 0);
  }
  return filter;
};
