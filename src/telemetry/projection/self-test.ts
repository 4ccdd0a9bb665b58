import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api';
import { COLUMNS, type Column } from './layout.ts';
import { unsupported } from './native-vectors.ts';
import type { RowBuffer } from './row-buffer.ts';

/** What a row of the test holds. */
interface Sample {
  readonly offset: number;
  readonly id: string;
  readonly text: string;
  readonly int: number;
  readonly long: number;
  readonly number: number;
}

/** Texts that stand elsewhere than in their row, and texts that stand in it. */
const SAMPLES: readonly Sample[] = [
  {
    ...{ offset: 2, id: '9d2f1c6e-54c9-4f0a-8c7e-3f6a5b4c2d1e' },
    text: 'a text of more than twelve bytes: ação',
    ...{ int: -7, long: 1_790_000_000_001, number: 0.125 },
  },
  { offset: 3, id: 'order-77', text: 'ação', int: 8, long: -5, number: -1.5 },
];
/** The offset of a row without anything. */
const EMPTY = 4;
const UUID_LENGTH = 36;

const fill = (buffer: RowBuffer, { kind }: Column, field: number, sample: Sample): boolean => {
  const bytes = Buffer.from(kind === 'uuid' ? sample.id : sample.text);
  const all = { from: 0, to: bytes.length };
  if (kind === 'uuid' || kind === 'text') return buffer.text(field, bytes, 0, bytes.length);
  if (kind === 'texts') return buffer.textEntry(field, bytes, all, all);
  if (kind === 'numbers') return buffer.numberEntry(field, bytes, all, sample.number);
  return buffer.number(field, kind === 'int' ? sample.int : sample.long);
};

const shown = ({ name, kind }: Column, { id, text, int, long, number }: Sample): string => {
  // The causation is not kept again where it is the correlation, as here.
  if (name === 'causation_id') return 'causation_is_correlation = 1';
  switch (kind) {
    case 'uuid':
      return id.length === UUID_LENGTH ? `"${name}" = '${id}'` : `"${name}_text" = '${id}'`;
    case 'text':
      return `"${name}" = '${text}'`;
    case 'int':
      return `"${name}" = ${int}`;
    case 'long':
      return `"${name}" = ${long}`;
    case 'time':
      return `epoch_ms("${name}") = ${long}`;
    case 'texts':
      return `"${name}" = MAP {'${text}': '${text}'}`;
    case 'numbers':
      return `"${name}" = MAP {'${text}': ${number}::DOUBLE}`;
  }
};

const empty = ({ name, kind }: Column): string =>
  kind === 'texts' || kind === 'numbers' ? `cardinality("${name}") = 0` : `"${name}" IS NULL`;

const isRow = (offset: number, conditions: readonly string[]): string =>
  `(${[...conditions, '"partition" = 1', `record_offset = ${offset}`, 'batch = 3'].join(' AND ')})`;

const EVERY_ROW = [
  ...SAMPLES.map((sample) =>
    isRow(
      sample.offset,
      COLUMNS.map((column) => shown(column, sample)),
    ),
  ),
  isRow(EMPTY, COLUMNS.map(empty)),
];

/** Puts the rows of the test into the buffer; false when it does not take one. */
const fillAll = (buffer: RowBuffer): boolean => {
  let isTaken = true;
  for (const sample of SAMPLES) {
    buffer.begin();
    isTaken &&= COLUMNS.map((column, field) => fill(buffer, column, field, sample)).every(Boolean);
    buffer.keep({ partition: 1, offset: sample.offset, batch: 3 });
  }
  buffer.begin();
  for (const field of COLUMNS.keys()) buffer.none(field);
  buffer.keep({ partition: 1, offset: EMPTY, batch: 3 });
  return isTaken;
};

/**
 * Writes rows of every kind of value into an empty table of the layout, reads them again, and takes them away.
 *
 * @throws EsteiraError ESTEIRA_PACKAGE_MISSING when this version of DuckDB reads something else than was written
 */
export const testColumns = async (
  connection: DuckDBConnection,
  table: string,
  buffer: RowBuffer,
  appender: DuckDBAppender,
): Promise<void> => {
  const isTaken = fillAll(buffer);
  buffer.flush(appender);
  appender.flushSync();
  const found = await connection.runAndReadAll(
    `SELECT count(*)::INTEGER FROM ${table} WHERE ${EVERY_ROW.join(' OR ')}`,
  );
  if (!isTaken || found.getRowsJson()[0]?.[0] !== EVERY_ROW.length) throw unsupported();
  await connection.run(`DELETE FROM ${table}`);
};
