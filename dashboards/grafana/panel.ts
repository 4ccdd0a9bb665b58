/** What a line or a number is painted in, so that a colour means one thing on every board. */
export type Colour = 'green' | 'yellow' | 'orange' | 'red' | 'blue' | 'purple' | 'text';

/** Units by Grafana's names: records per second, seconds, a part of one, a plain number, epoch. */
export type Unit = 'ops' | 'recps' | 's' | 'percentunit' | 'short' | 'none';

/** A question to Prometheus, and how its lines are called (`{{label}}` for a label's value). */
export interface Query {
  readonly expr: string;
  readonly legend: string;
}

/** From this value on, this colour; the first step has none below it. */
export type Threshold = readonly [from: number, colour: Colour];

interface Common {
  readonly title: string;
  /** What it says and what to do, shown at the panel's corner. */
  readonly about: string;
  readonly unit: Unit;
  /** Columns of the 24 that a board has; default the rest divided among the row's panels. */
  readonly width?: number;
  readonly thresholds?: readonly Threshold[];
}

/** Lines over time. */
export interface Lines extends Common {
  readonly kind: 'lines';
  readonly queries: readonly Query[];
  /** Lines by their name that have a colour of their own. */
  readonly colours?: Readonly<Record<string, Colour>>;
  /** Areas on top of each other, where their sum says something; default false. */
  readonly stacked?: boolean;
}

/** One number, with what it was. */
export interface Stat extends Common {
  readonly kind: 'stat';
  readonly queries: readonly [Query];
}

/** A column of a table: the query's value for each row. */
export interface Column {
  readonly title: string;
  readonly expr: string;
  readonly unit: Unit;
  readonly thresholds?: readonly Threshold[];
}

/** One row for each set of labels that the columns share. */
export interface Table extends Omit<Common, 'unit' | 'thresholds'> {
  readonly kind: 'table';
  /** Labels shown, and how their columns are called. */
  readonly by: Readonly<Record<string, string>>;
  readonly columns: readonly Column[];
}

/** One panel of a board. */
export type Panel = Lines | Stat | Table;

/** Panels side by side under a title. */
export interface Row {
  readonly title: string;
  /** Height of its panels, in Grafana's units of about 30 pixels. */
  readonly height: number;
  readonly panels: readonly Panel[];
}

/** A variable that the reader chooses: values of a label of a metric. */
export interface Choice {
  readonly name: string;
  readonly label: string;
  readonly metric: string;
  /** The label whose values are offered; default the name. */
  readonly of?: string;
}

/** A board. */
export interface Board {
  /** Its address, `esteira-<uid>`, and the name of its file. */
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  readonly choices: readonly Choice[];
  readonly rows: readonly Row[];
}

/** Lines over time; several queries, or one. */
export const lines = (panel: Omit<Lines, 'kind'>): Lines => ({ kind: 'lines', ...panel });

/** One number. */
export const stat = ({ expr, ...panel }: Omit<Stat, 'kind' | 'queries'> & { expr: string }): Stat => ({
  kind: 'stat',
  ...panel,
  queries: [{ expr, legend: panel.title }],
});

/** A table of instant values. */
export const table = (panel: Omit<Table, 'kind'>): Table => ({ kind: 'table', ...panel });
