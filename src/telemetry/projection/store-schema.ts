import { EsteiraError } from '../../core/errors.ts';
import type { DuckDBConnection } from './duckdb.ts';
import { createTable, JOB_EVENTS_VIEW, LAYOUT_VERSION, STORED_COLUMNS } from './layout.ts';
import { VIEW_STATEMENTS } from './views.ts';

const TABLES = `
  CREATE TABLE IF NOT EXISTS projection_store (layout INTEGER NOT NULL, columns VARCHAR NOT NULL, horizon_ms BIGINT NOT NULL, repeats BIGINT NOT NULL);
  CREATE TABLE IF NOT EXISTS projection_positions (
    "partition" INTEGER NOT NULL, first BIGINT NOT NULL, next BIGINT NOT NULL,
    records BIGINT NOT NULL, held_back BIGINT NOT NULL, problems BIGINT NOT NULL);
  CREATE TABLE IF NOT EXISTS projection_problems (
    "partition" INTEGER NOT NULL, record_offset BIGINT NOT NULL, code VARCHAR NOT NULL, detail VARCHAR NOT NULL);`;

const COLUMN_LIST = STORED_COLUMNS.map(({ name, type }) => `${name} ${type}`).join(', ');

/** What has become of the store when it was opened. */
export type StoreState = 'new' | 'as it was' | 'migrated';

const oneRow = async (connection: DuckDBConnection, sql: string): Promise<readonly unknown[] | undefined> =>
  (await connection.runAndReadAll(sql)).getRowsJson()[0];

/** A store of another layout keeps its rows: columns of both are copied, new ones are null in the old rows. */
const migrate = async (connection: DuckDBConnection): Promise<void> => {
  const reader = await connection.runAndReadAll(
    `SELECT column_name FROM duckdb_columns() WHERE table_name = 'events' AND schema_name = 'main'`,
  );
  const before = new Set(reader.getRowsJson().map(([name]) => String(name)));
  const both = STORED_COLUMNS.filter(({ name }) => before.has(name)).map(({ name }) => `"${name}"`);
  const list = both.join(', ');
  await connection.run('DROP VIEW IF EXISTS job_events');
  await connection.run('ALTER TABLE events RENAME TO events_before');
  await connection.run(createTable('events'));
  await connection.run(`INSERT INTO events (${list}) SELECT ${list} FROM events_before`);
  await connection.run('DROP TABLE events_before');
  await connection.run('UPDATE projection_store SET layout = $1, columns = $2', [
    LAYOUT_VERSION,
    COLUMN_LIST,
  ]);
};

const newer = (path: string, layout: number): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_PROJECTION_UNAVAILABLE',
    `The projection ${path} was written by a newer version of Esteira (layout ${layout}, this one knows ${LAYOUT_VERSION}): use that version, or move the file away to build it again from the topic`,
    { facts: { path, layout } },
  );

const bringUpToDate = async (connection: DuckDBConnection, path: string): Promise<StoreState> => {
  await connection.run(TABLES);
  const [layout, columns] = (await oneRow(connection, 'SELECT layout, columns FROM projection_store')) ?? [];
  if (layout === undefined) {
    await connection.run(createTable('events'));
    await connection.run('INSERT INTO projection_store VALUES ($1, $2, 0, 0)', [LAYOUT_VERSION, COLUMN_LIST]);
    return 'new';
  }
  if (Number(layout) > LAYOUT_VERSION) throw newer(path, Number(layout));
  if (Number(layout) === LAYOUT_VERSION && columns === COLUMN_LIST) return 'as it was';
  await migrate(connection);
  return 'migrated';
};

/**
 * Makes what is not there yet, and brings a store of an older version up to date, all of it or nothing.
 *
 * @throws EsteiraError ESTEIRA_PROJECTION_UNAVAILABLE for a store of a newer version
 */
export const prepareSchema = async (connection: DuckDBConnection, path: string): Promise<StoreState> => {
  await connection.run('BEGIN');
  try {
    const state = await bringUpToDate(connection, path);
    for (const statement of [JOB_EVENTS_VIEW, ...VIEW_STATEMENTS]) await connection.run(statement);
    await connection.run('COMMIT');
    return state;
  } catch (error) {
    await connection.run('ROLLBACK');
    throw error;
  }
};
