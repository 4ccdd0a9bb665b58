import { loadDuckDB } from '../duckdb.ts';
import type { QueryColumn } from '../query/run-query.ts';

/** Rows to write: a file of one JSON object a line, and what its columns are. */
export interface JsonRows {
  readonly file: string;
  readonly columns: readonly QueryColumn[];
}

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/**
 * Writes rows as Parquet into a folder, a folder below it for each value of these columns (`job_type=send-receipt`). One
 * thread: then each folder gets one file, always of the same name.
 *
 * @throws EsteiraError ESTEIRA_PACKAGE_MISSING; DuckDB's own errors for a disk that is full or may not be written
 */
export const writeParquet = async (
  { file, columns }: JsonRows,
  folder: string,
  partitionBy: readonly string[],
): Promise<void> => {
  const { DuckDBInstance } = await loadDuckDB();
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '512MB' });
  try {
    const connection = await instance.connect();
    const types = columns.map(({ name, type }) => `${text(name)}: ${text(type)}`).join(', ');
    await connection.run(
      `COPY (FROM read_json(${text(file)}, format = 'newline_delimited', columns = {${types}}))
       TO ${text(folder)} (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (${partitionBy.join(', ')}), WRITE_PARTITION_COLUMNS true, OVERWRITE_OR_IGNORE true)`,
    );
    connection.closeSync();
  } finally {
    instance.closeSync();
  }
};
