import type { DuckDBConnection } from '../duckdb.ts';
import { placeOfByte } from './place-in-sql.ts';
import { queryError } from './query-errors.ts';

/**
 * The table functions of a query. DuckDB has others that act although they stand in a SELECT: they switch logging and
 * profiling on, write checkpoints, run SQL that is hidden in a text. So what is not here is refused.
 */
const TABLE_FUNCTIONS: ReadonlySet<string> = new Set([
  ...['unnest', 'range', 'generate_series', 'json_each', 'json_tree'],
]);

/**
 * Functions of a value that act, hold a thread, or make texts and lists of a gigabyte, which no interruption stops and
 * which would end the process.
 */
const REFUSED_FUNCTIONS: ReadonlySet<string> = new Set([
  ...['write_log', 'sleep_ms', 'nextval', 'currval', 'stats', 'getenv'],
  ...['repeat', 'lpad', 'rpad', 'format', 'printf'],
  ...['range', 'generate_series', 'list_resize', 'array_resize'],
]);

/** Longest SQL, characters. */
const LONGEST_SQL = 100_000;

type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

/** Why a function must not be called; undefined when it may. */
const refusalOf = (name: string, isOfTable: boolean): string | undefined => {
  const known = name.toLowerCase();
  if (isOfTable && !TABLE_FUNCTIONS.has(known))
    return `the table function ${known} may not be used: what may is job_events, the views (\`esteira telemetry views\`) and ${[...TABLE_FUNCTIONS].join(', ')}`;
  if (isOfTable || !REFUSED_FUNCTIONS.has(known)) return undefined;
  const instead = TABLE_FUNCTIONS.has(known) ? `: it makes a list in memory, write FROM ${known}(…)` : '';
  return `the function ${known} may not be used${instead === '' ? ' in a query' : ` as a value${instead}`}`;
};

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** Walks what DuckDB's parser made of the SQL. @throws EsteiraError ESTEIRA_QUERY_REFUSED */
const refuseActs = (sql: string, tree: unknown): void => {
  const open: { readonly value: unknown; readonly isOfTable: boolean }[] = [
    { value: tree, isOfTable: false },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, isOfTable } = next;
    if (!isNode(value)) continue;
    const name = value['function_name'];
    const refusal = typeof name === 'string' ? refusalOf(name, isOfTable) : undefined;
    if (refusal !== undefined)
      throw queryError('ESTEIRA_QUERY_REFUSED', refusal, placeOfByte(sql, numberOf(value['query_location'])));
    const isTableFunction = value['type'] === 'TABLE_FUNCTION';
    for (const [key, child] of Object.entries(value))
      open.push({ value: child, isOfTable: isTableFunction && key === 'function' });
  }
};

const parse = async (connection: DuckDBConnection, sql: string): Promise<Node> => {
  const reader = await connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [sql]);
  const tree: unknown = JSON.parse(String(reader.getRows()[0]?.[0]));
  return isNode(tree) ? tree : {};
};

/**
 * Lets one SELECT pass that only reads. DuckDB's own parser says what the SQL is, and nothing of it runs.
 *
 * @throws EsteiraError ESTEIRA_QUERY_INVALID (its syntax), ESTEIRA_QUERY_REFUSED
 */
export const guardQuery = async (connection: DuckDBConnection, sql: string): Promise<void> => {
  if (sql.length > LONGEST_SQL)
    throw queryError('ESTEIRA_QUERY_REFUSED', `the SQL is longer than ${LONGEST_SQL} characters`);
  const { error, error_type: kind, error_message: says, position, statements } = await parse(connection, sql);
  if (error === true && kind === 'parser')
    throw queryError('ESTEIRA_QUERY_INVALID', String(says), placeOfByte(sql, Number(position ?? 0)));
  if (error === true)
    throw queryError(
      'ESTEIRA_QUERY_REFUSED',
      'the SQL must be a SELECT (or FROM, WITH, VALUES, DESCRIBE, SUMMARIZE): a query only reads',
    );
  const count = Array.isArray(statements) ? statements.length : 0;
  if (count === 0) throw queryError('ESTEIRA_QUERY_INVALID', 'there is no SQL');
  if (count > 1)
    throw queryError('ESTEIRA_QUERY_REFUSED', `there are ${count} statements: give one at a time`);
  refuseActs(sql, statements);
};
