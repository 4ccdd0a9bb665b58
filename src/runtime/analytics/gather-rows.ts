import type { JsonValue } from '../../telemetry/projection/query/json-values.ts';
import type { QueryPart } from '../../telemetry/projection/query/run-query.ts';

/** A row of an answer by the names of its columns. */
export type Row = Readonly<Record<string, JsonValue>>;

/** The rows of an answer, as they come. */
export async function* rowsIn(parts: AsyncIterable<QueryPart>): AsyncGenerator<Row> {
  let names: readonly string[] = [];
  for await (const part of parts) {
    if ('columns' in part) names = part.columns.map(({ name }) => name);
    if (!('rows' in part)) continue;
    for (const row of part.rows)
      yield Object.fromEntries(names.map((name, index) => [name, row[index] ?? null]));
  }
}

/** A text as SQL writes it. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A moment as SQL writes it. */
export const sqlTime = (ms: number): string => `TIMESTAMPTZ ${sqlText(new Date(ms).toISOString())}`;
