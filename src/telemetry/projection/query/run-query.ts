import { isEsteiraError } from '../../../core/errors.ts';
import type { DuckDBConnection } from '../duckdb.ts';
import { loadDuckDB } from '../duckdb.ts';
import { guardQuery } from './guard-query.ts';
import { type JsonValue, jsonConverter } from './json-values.ts';
import { errorOfQuery, queryError } from './query-errors.ts';

/** A question to the projection, and how much it may take. */
export interface QueryRequest {
  readonly sql: string;
  /** Longest time, from its start to its last row, ms; default 30,000. */
  readonly timeLimitMs?: number;
  /** Rows at most, the others are left out; default 10,000. */
  readonly maxRows?: number;
}

/** A column of an answer. */
export interface QueryColumn {
  readonly name: string;
  /** As SQL calls it, such as `BIGINT`. */
  readonly type: string;
}

/** An answer, part by part: its columns, then rows, then its end. */
export type QueryPart =
  | { readonly columns: readonly QueryColumn[] }
  | { readonly rows: readonly (readonly JsonValue[])[] }
  | { readonly end: QueryEnd };

/** How an answer ended. */
export interface QueryEnd {
  readonly rows: number;
  /** Whether there were more rows than were asked for. */
  readonly isCut: boolean;
  readonly elapsedMs: number;
}

/** What gives connections to a store. */
export interface Connectable {
  connect(): Promise<DuckDBConnection>;
}

/** Longest time of a query that asks for none, ms. */
export const TIME_LIMIT_MS = 30_000;
const MAX_ROWS = 10_000;

/** An interruption that comes before DuckDB runs is lost: it is repeated. */
const AGAIN_MS = 50;

/** Ends a query that takes too long, or that nobody waits for any more. */
class Watch {
  #why: string | undefined;
  #again: NodeJS.Timeout | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #signal: AbortSignal | undefined;
  readonly #connection: DuckDBConnection;
  readonly #onLeft = (): void => this.#end('nobody waits for the answer any more');

  constructor(connection: DuckDBConnection, limitMs: number, signal: AbortSignal | undefined) {
    this.#connection = connection;
    this.#signal = signal;
    const tooLong = `the query took longer than ${limitMs / 1_000} s: look at fewer days, or give it more time`;
    this.#timer = setTimeout(() => this.#end(tooLong), limitMs);
    signal?.addEventListener('abort', this.#onLeft);
    if (signal?.aborted === true) this.#onLeft();
  }

  #end(why: string): void {
    if (this.#why !== undefined) return;
    this.#why = why;
    this.#connection.interrupt();
    this.#again = setInterval(() => this.#connection.interrupt(), AGAIN_MS);
  }

  /** @throws EsteiraError ESTEIRA_QUERY_LIMIT */
  check(): void {
    if (this.#why !== undefined) throw queryError('ESTEIRA_QUERY_LIMIT', this.#why);
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#again);
    this.#signal?.removeEventListener('abort', this.#onLeft);
  }
}

async function* answer(
  connection: DuckDBConnection,
  { sql, maxRows = MAX_ROWS }: QueryRequest,
  watch: Watch,
): AsyncGenerator<QueryPart> {
  const startedMs = performance.now();
  const convert = jsonConverter(await loadDuckDB());
  await guardQuery(connection, sql);
  watch.check();
  await connection.run('BEGIN TRANSACTION READ ONLY');
  const result = await connection.stream(sql);
  const types = result.columnTypes();
  yield {
    columns: result
      .deduplicatedColumnNames()
      .map((name, index) => ({ name, type: types[index]?.toString() ?? '' })),
  };
  let rows = 0;
  let isCut = false;
  for await (const chunk of result.yieldConvertedRows(convert)) {
    watch.check();
    const taken = chunk.slice(0, maxRows - rows);
    rows += taken.length;
    isCut = taken.length < chunk.length;
    if (taken.length > 0) yield { rows: taken };
    watch.check();
    if (isCut) break;
  }
  // An interrupted answer ends as if it was whole.
  watch.check();
  yield { end: { rows, isCut, elapsedMs: Math.round(performance.now() - startedMs) } };
}

/**
 * Runs one SELECT on a connection of its own, in a transaction that only reads, and gives its answer as it comes: what
 * is not taken yet is not kept in memory. Where the answer is left before its end, the query ends.
 *
 * @throws EsteiraError ESTEIRA_QUERY_INVALID, ESTEIRA_QUERY_REFUSED, ESTEIRA_QUERY_LIMIT
 */
export async function* runQuery(
  store: Connectable,
  request: QueryRequest,
  signal?: AbortSignal,
): AsyncGenerator<QueryPart> {
  const connection = await store.connect();
  const watch = new Watch(connection, request.timeLimitMs ?? TIME_LIMIT_MS, signal);
  try {
    yield* answer(connection, request, watch);
  } catch (error) {
    watch.check();
    throw isEsteiraError(error) ? error : errorOfQuery(request.sql, error);
  } finally {
    watch.stop();
    connection.closeSync();
  }
}
