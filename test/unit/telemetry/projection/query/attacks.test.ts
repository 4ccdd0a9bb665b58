import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockDown } from '../../../../../src/telemetry/projection/query/lock-down.ts';
import { runQuery } from '../../../../../src/telemetry/projection/query/run-query.ts';
import type { ProjectionStore } from '../../../../../src/telemetry/projection/store.ts';
import { ask, gather } from '../../../../support/analytics/ask.ts';
import { storeOf } from '../../../../support/analytics/made-up-store.ts';

const refusal = expect.objectContaining({ code: 'ESTEIRA_QUERY_REFUSED' });
const limit = expect.objectContaining({ code: 'ESTEIRA_QUERY_LIMIT' });

/** Without end, by what DuckDB cannot see before it runs. */
const ENDLESS = 'WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r) SELECT count(*) FROM r';

describe('a query', () => {
  let store: ProjectionStore;
  beforeAll(async () => {
    store = await storeOf([{ type: 'job.started' }, { type: 'job.completed' }]);
    await lockDown(store);
  });
  afterAll(() => store.close());

  it.each([
    "COPY events TO 'out.csv'",
    'DROP TABLE events',
    'DELETE FROM events',
    "INSERT INTO events (type) VALUES ('x')",
    'CREATE TEMP TABLE t (i INTEGER)',
    "ATTACH 'other.duckdb'",
    'INSTALL httpfs',
    'LOAD json',
    'SET threads = 64',
    'PRAGMA enable_profiling',
    'PRAGMA database_list',
    'CHECKPOINT',
    'CALL enable_logging()',
    'EXPLAIN ANALYZE DELETE FROM events',
    'PREPARE q AS SELECT 1',
    'SELECT 1; DROP TABLE events',
    'SELECT 1; SELECT 2',
  ])('that is no single SELECT is refused: %s', async (sql) => {
    await expect(ask(store, sql)).rejects.toEqual(refusal);
  });

  it.each([
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT getenv('HOME')",
    'SELECT * FROM enable_profiling()',
    'SELECT * FROM enable_logging()',
    'SELECT * FROM checkpoint()',
    'FROM force_checkpoint()',
    "FROM query('SELECT 1')",
    "FROM query_table('events')",
    "FROM json_execute_serialized_sql('{}')",
    "SELECT system.main.write_log('x')",
    'SELECT sleep_ms(1000)',
    "SELECT length(repeat('x', 1000000000))",
    // These ran for half a minute under a limit of three seconds: no interruption reaches the inside of a function.
    'SELECT len(range(50000000))',
    'SELECT sum(len(generate_series(1, 50000000)))',
    'SELECT len(list_resize([1], 100000000))',
    "SELECT length(format('{:>200000000}', 'x'))",
    "SELECT length(printf('%200000000d', 1))",
    'FROM unnest(range(100000000))',
    'WITH x AS (FROM checkpoint()) SELECT * FROM x',
    'SELECT (SELECT count(*) FROM checkpoint())',
    'SELECT * FROM job_events WHERE EXISTS (FROM checkpoint())',
    'SELECT 1 UNION ALL FROM checkpoint()',
    'SUMMARIZE FROM checkpoint()',
  ])('that acts, or reads files, although it is a SELECT, is refused: %s', async (sql) => {
    await expect(ask(store, sql)).rejects.toEqual(refusal);
  });

  it('finds no file under the name of a table', async () => {
    await expect(ask(store, "SELECT * FROM '/etc/passwd.csv'")).rejects.toEqual(refusal);
  });

  it('could not read files or change settings even if it was let through', async () => {
    const connection = await store.connect();
    await expect(connection.run("SELECT * FROM read_text('/etc/passwd')")).rejects.toThrow(
      /disabled by configuration/,
    );
    await expect(connection.run('SET enable_external_access = true')).rejects.toThrow(/locked|Cannot/);
    await expect(connection.run('SET threads = 64')).rejects.toThrow(/locked/);
    connection.closeSync();
  });

  it('could not write even if it was let through: its transaction only reads', async () => {
    const connection = await store.connect();
    await connection.run('BEGIN TRANSACTION READ ONLY');
    await expect(connection.run('DELETE FROM events')).rejects.toThrow(/read-only/);
    connection.closeSync();
  });

  it('without end is ended at its time, and the next one is answered', async () => {
    await expect(ask(store, ENDLESS, { timeLimitMs: 200 })).rejects.toEqual(limit);
    const endlessRows = 'SELECT a.range + b.range FROM range(100000000) a, range(100000000) b';
    await expect(ask(store, endlessRows, { timeLimitMs: 200, maxRows: 1e9 })).rejects.toEqual(limit);
    expect((await ask(store, 'SELECT count(*) AS events FROM job_events')).rows).toEqual([{ events: 2 }]);
  });

  // An interruption was lost when it came before DuckDB had begun: the query ran on to its time limit.
  it.each([0, 20, 200])('ends when nobody waits for it any more, however early: after %i ms', async (ms) => {
    const leaving = AbortSignal.timeout(ms);
    await expect(gather(runQuery(store, { sql: ENDLESS, timeLimitMs: 60_000 }, leaving))).rejects.toEqual(
      limit,
    );
  });

  it('of more rows than asked for is cut, and says so', async () => {
    const { rows, isCut } = await ask(store, 'FROM range(100000)', { maxRows: 3_000 });
    expect([rows.length, isCut]).toEqual([3_000, true]);
    expect((await ask(store, 'FROM range(3000)', { maxRows: 3_000 })).isCut).toBe(false);
  });

  it('that needs more memory than there is fails by itself, and the next one is answered', async () => {
    const much = 'SELECT list(a.range::VARCHAR || b.range::VARCHAR) FROM range(10000) a, range(10000) b';
    await expect(ask(store, much)).rejects.toEqual(limit);
    expect((await ask(store, 'SELECT count(*) AS events FROM job_events')).rows).toEqual([{ events: 2 }]);
  });

  it.each([
    ['SELECT fooo FROM jobs', 1, 8],
    ['SELECT 1,\n  fooo FROM jobs', 2, 3],
    ["SELECT 'ç', * FRO jobs", 1, 18],
    [`SELECT ${'1 + '.repeat(60)}fooo${' + 1'.repeat(60)} FROM jobs`, 1, 248],
    ["SELECT 1, write_log('x')", 1, 11],
  ])('with a fault says where: %s', async (sql, line, column) => {
    await expect(ask(store, sql)).rejects.toMatchObject({ facts: { line, column } });
  });

  it('gives times in UTC, exact numbers, maps as objects', async () => {
    const sql = `SELECT make_timestamptz(1790000000123000) AS t, 9007199254740993::BIGINT AS big, 5::BIGINT AS small,
      MAP {'a': 1.5::DOUBLE} AS m, [1, 2] AS l, 1.25 AS d, 'nan'::DOUBLE AS n, NULL AS nothing, current_setting('TimeZone') AS zone`;
    expect((await ask(store, sql)).rows).toEqual([
      {
        ...{ t: '2026-09-21T14:13:20.123Z', big: '9007199254740993', small: 5, m: { a: 1.5 }, l: [1, 2] },
        ...{ d: 1.25, n: 'NaN', nothing: null, zone: 'UTC' },
      },
    ]);
  });
});
