import { FIGURE_NAMES, FIGURES, judge, limitsOf, type Measurements } from './figures.ts';
import type { Note, Outcome } from './program.ts';
import { readable, rounded } from './rounded.ts';
import { measuredOf } from './statistics.ts';

/** All figures of several programs. */
export const figuresOf = (outcomes: readonly Outcome[]): Measurements =>
  Object.assign({}, ...outcomes.map(({ figures }) => figures));

/** The figures that were measured, and no others, as one flat object. */
export const figuresAsJson = (found: Measurements): Readonly<Record<string, number>> =>
  Object.fromEntries(
    FIGURE_NAMES.flatMap((name) => {
      const measured = found[name];
      return measured === undefined ? [] : [[name, rounded(measured.value)]];
    }),
  );

const VERDICTS = { aim: 'aim reached', floor: 'floor holds', below: 'BELOW FLOOR', '-': '' } as const;

const shown = (value: number | undefined): string => (value === undefined ? '-' : readable(value));

const figureRow = (name: (typeof FIGURE_NAMES)[number], found: Measurements): readonly string[] => {
  const measured = found[name];
  if (measured === undefined) return [];
  const { floor, aim } = limitsOf(name, found);
  const { what, unit } = FIGURES[name];
  const value = `${readable(measured.value)}${unit === '' ? '' : ` ${unit}`}`;
  const spread = measured.n < 2 ? '' : `${readable(measured.least)} to ${readable(measured.most)}`;
  const verdict = VERDICTS[judge(name, found)];
  return [`${what} [${name}]`, shown(floor), shown(aim), value, spread, String(measured.n), verdict];
};

/** Lines of columns, each as wide as its widest text. */
export const alignColumns = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = rows.reduce<number[]>(
    (known, row) => row.map((text, column) => Math.max(text.length, known[column] ?? 0)),
    [],
  );
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
};

const noteRow = ({ what, value, unit }: Note): readonly string[] => {
  const { value: middle, least, most, n } = value;
  return [
    what,
    `${readable(middle)} ${unit}`,
    n < 2 ? '' : `${readable(least)} to ${readable(most)}`,
    `n=${n}`,
  ];
};

const loadLine = ({ loads }: Outcome): string => {
  if (loads.length === 0) return 'Load by others: not known on this system.';
  const { value, most } = measuredOf(loads);
  const warning = most > 0.25 ? ' The machine was NOT quiet: trust ratios more than rates.' : '';
  return `Load by others: ${readable(value)} of a core (median), ${readable(most)} at most.${warning}`;
};

const programLines = (outcome: Outcome): readonly string[] => [
  '',
  `== ${outcome.program}`,
  ...alignColumns(outcome.notes.map(noteRow)),
  loadLine(outcome),
];

/** Some programs have rows only, such as `parallel-consumer`. */
const NO_FIGURES = 'What was run has no figures with a floor: its rows are what was measured.';

/** What a run with `--small` says before its report. */
export const SMALL_WARNING =
  'This was a run with --small: part of the work, on little data. It shows that it works; its figures and verdicts say nothing.';

/** The report for people: every measured figure against its limits, then each program's own rows. */
export const renderReport = (outcomes: readonly Outcome[]): string => {
  const found = figuresOf(outcomes);
  const head = ['figure', 'floor', 'aim', 'measured', 'spread', 'n', ''];
  const rows = FIGURE_NAMES.map((name) => figureRow(name, found)).filter((row) => row.length > 0);
  const table = rows.length === 0 ? [NO_FIGURES] : alignColumns([head, ...rows]);
  return [...table, ...outcomes.flatMap(programLines)].join('\n');
};
