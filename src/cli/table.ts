import { paint, printable, type Terminal } from './terminal.ts';

/** A column of a table: its title and what stands in it for each row. */
export interface Column<R> {
  readonly title: string;
  readonly cell: (row: R) => string | number | null;
  /** Whether it may be cut when the screen is narrow; default true. */
  readonly cuttable?: boolean;
}

const GAP = '  ';
const LEAST_WIDTH = 6;
const NOTHING = '-';

const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;

/** A column with its cells as texts. */
interface Filled {
  readonly title: string;
  readonly isCuttable: boolean;
  readonly cells: readonly string[];
}

const naturalWidth = ({ title, cells }: Filled): number =>
  Math.max(title.length, ...cells.map(({ length }) => length));

const totalOf = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));

/** Widths that fit the room, taken from the widest cuttable columns; undefined when nothing more can be taken. */
const fittedWidths = (columns: readonly Filled[], room: number): readonly number[] | undefined => {
  const widths = columns.map(naturalWidth);
  for (let excess = totalOf(widths) - room; excess > 0; excess -= 1) {
    const able = columns.flatMap(({ isCuttable }, index) =>
      isCuttable && (widths[index] ?? 0) > LEAST_WIDTH ? [index] : [],
    );
    const [first] = able;
    if (first === undefined) return undefined;
    const widest = able.reduce(
      (best, index) => ((widths[index] ?? 0) > (widths[best] ?? 0) ? index : best),
      first,
    );
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
};

const renderColumns = (terminal: Terminal, columns: readonly Filled[], widths: readonly number[]): string => {
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => cut(text, widths[index] ?? 0).padEnd(widths[index] ?? 0))
      .join(GAP)
      .trimEnd();
  const rows = columns[0]?.cells.map((_, row) => columns.map(({ cells }) => cells[row] ?? NOTHING)) ?? [];
  return [paint(terminal, 'bold', line(columns.map(({ title }) => title))), ...rows.map(line)].join('\n');
};

/** Where no table fits: a line for each cell that says something, an empty line between rows. */
const renderStacked = (terminal: Terminal, columns: readonly Filled[], room: number): string => {
  const widest = Math.max(...columns.map(({ title }) => title.length));
  const cell = ({ title, isCuttable, cells }: Filled, row: number): readonly string[] => {
    const text = cells[row] ?? NOTHING;
    const fitted = isCuttable ? cut(text, Math.max(LEAST_WIDTH, room - widest - GAP.length)) : text;
    return text === NOTHING ? [] : [`${paint(terminal, 'bold', title.padEnd(widest))}${GAP}${fitted}`];
  };
  const rows =
    columns[0]?.cells.map((_, row) => columns.flatMap((column) => cell(column, row)).join('\n')) ?? [];
  return rows.join('\n\n');
};

/**
 * A table as lines. On a screen it fits: the widest cells are cut, then columns that say nothing are left out, then
 * rows stand as blocks. Elsewhere it is whole.
 */
export const renderTable = <R>(
  terminal: Terminal,
  columns: readonly Column<R>[],
  rows: readonly R[],
): string => {
  const filled = columns.map(({ title, cell, cuttable = true }) => ({
    ...{ title, isCuttable: cuttable },
    cells: rows.map((row) => printable(String(cell(row) ?? NOTHING))),
  }));
  const room = terminal.columns ?? Number.POSITIVE_INFINITY;
  const telling = filled.filter(({ cells }) => cells.length === 0 || cells.some((text) => text !== NOTHING));
  for (const tried of [filled, telling]) {
    const widths = fittedWidths(tried, room);
    if (widths !== undefined) return renderColumns(terminal, tried, widths);
  }
  return renderStacked(terminal, telling, room);
};

/** JSON for programs: two spaces, big numbers as texts. */
export const renderJson = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? one.toString() : one), 2);
