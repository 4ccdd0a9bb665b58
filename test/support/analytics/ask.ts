import {
  type Connectable,
  type QueryPart,
  type QueryRequest,
  runQuery,
} from '../../../src/telemetry/projection/query/run-query.ts';

/** An answer as a whole: rows as objects. */
export interface Answer {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly isCut: boolean;
}

/** Gathers an answer. */
export const gather = async (parts: AsyncIterable<QueryPart>): Promise<Answer> => {
  let columns: readonly string[] = [];
  const rows: Readonly<Record<string, unknown>>[] = [];
  let isCut = false;
  for await (const part of parts) {
    if ('columns' in part) columns = part.columns.map(({ name }) => name);
    if ('rows' in part)
      for (const row of part.rows)
        rows.push(Object.fromEntries(columns.map((name, index) => [name, row[index]])));
    if ('end' in part) isCut = part.end.isCut;
  }
  return { columns, rows, isCut };
};

/** Asks a store and gathers the answer. */
export const ask = (store: Connectable, sql: string, more: Omit<QueryRequest, 'sql'> = {}): Promise<Answer> =>
  gather(runQuery(store, { sql, ...more }));
