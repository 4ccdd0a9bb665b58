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

const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;

/** Takes from the widest cuttable columns until everything fits, or nothing more can be taken. */
const narrow = (widths: readonly number[], cuttable: readonly boolean[], room: number): readonly number[] => {
  const fitted = [...widths];
  const gaps = GAP.length * (widths.length - 1);
  for (let excess = widths.reduce((sum, width) => sum + width, gaps) - room; excess > 0; excess -= 1) {
    const widest = fitted.reduce(
      (best, width, index) => (cuttable[index] === true && width > (fitted[best] ?? 0) ? index : best),
      cuttable.indexOf(true),
    );
    const width = fitted[widest];
    if (width === undefined || width <= LEAST_WIDTH) break;
    fitted[widest] = width - 1;
  }
  return fitted;
};

/** A table as lines; fits the screen where there is one. */
export const renderTable = <R>(
  terminal: Terminal,
  columns: readonly Column<R>[],
  rows: readonly R[],
): string => {
  const cells = rows.map((row) => columns.map(({ cell }) => printable(String(cell(row) ?? '-'))));
  const titles = columns.map(({ title }) => title);
  const natural = titles.map((title, index) =>
    Math.max(title.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  const cuttable = columns.map((column) => column.cuttable ?? true);
  const widths = terminal.columns === undefined ? natural : narrow(natural, cuttable, terminal.columns);
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => cut(text, widths[index] ?? 0).padEnd(widths[index] ?? 0))
      .join(GAP)
      .trimEnd();
  return [paint(terminal, 'bold', line(titles)), ...cells.map(line)].join('\n');
};

/** JSON for programs: two spaces, big numbers as texts. */
export const renderJson = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? one.toString() : one), 2);
