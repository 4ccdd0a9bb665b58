import type { JsonValue, QueryColumn } from '../runtime/analytics/index.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

/** An answer as a whole. */
export interface Gathered {
  readonly columns: readonly QueryColumn[];
  readonly rows: readonly (readonly JsonValue[])[];
  readonly isCut: boolean;
  readonly elapsedMs: number;
}

const shown = (value: JsonValue): string =>
  typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value);

/** The answer as a table; what is null is shown as `-`. */
export const queryTable = (terminal: Terminal, { columns, rows }: Gathered): string =>
  renderTable(
    terminal,
    columns.map(({ name }, index) => ({
      title: name,
      cell: (row: readonly JsonValue[]) => {
        const value = row[index] ?? null;
        return value === null ? null : shown(value);
      },
    })),
    rows,
  );

/** A line of CSV (RFC 4180); what is null is empty, an empty text is `""`. */
export const csvLine = (values: readonly JsonValue[]): string =>
  values
    .map((value) => {
      if (value === null) return '';
      const text = shown(value);
      return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(',');
