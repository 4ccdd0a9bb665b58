import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { EsteiraError } from '../../core/errors.ts';

export type { DuckDBConnection, DuckDBInstance };

/** DuckDB's code, which is loaded by those who use it. */
export type DuckDB = typeof import('@duckdb/node-api');

/**
 * DuckDB, an optional package of some 60 MB: only who keeps or reads a projection needs it.
 *
 * @throws EsteiraError ESTEIRA_PACKAGE_MISSING
 */
export const loadDuckDB = async (): Promise<DuckDB> => {
  try {
    return await import('@duckdb/node-api');
  } catch (cause) {
    throw new EsteiraError(
      'ESTEIRA_PACKAGE_MISSING',
      'The projection needs DuckDB, which is not installed (or not for this machine): `npm install @duckdb/node-api`',
      { facts: { package: '@duckdb/node-api' }, cause },
    );
  }
};
