import type { Colour, Column, Lines, Panel, Query, Stat, Table, Threshold } from './panel.ts';

type Json = Record<string, unknown>;

/** A panel without its place. */
export const panelJson = (panel: Panel, datasource: Json): Json => ({
  title: panel.title,
  description: panel.about,
  datasource,
  ...bodyOf(panel, datasource),
});

const bodyOf = (panel: Panel, datasource: Json): Json => {
  switch (panel.kind) {
    case 'lines':
      return linesJson(panel, datasource);
    case 'stat':
      return statJson(panel, datasource);
    case 'table':
      return tableJson(panel, datasource);
  }
};

const linesJson = (panel: Lines, datasource: Json): Json => ({
  type: 'timeseries',
  targets: panel.queries.map((query, index) => ({ ...target(query, index, datasource), range: true })),
  fieldConfig: {
    defaults: {
      unit: panel.unit,
      min: 0,
      color: { mode: 'palette-classic' },
      thresholds: thresholdsJson(panel.thresholds ?? []),
      custom: {
        drawStyle: 'line',
        lineWidth: panel.stacked ? 0 : 2,
        fillOpacity: panel.stacked ? 70 : 5,
        showPoints: 'never',
        spanNulls: false, // a hole is a process that was not there
        stacking: { mode: panel.stacked ? 'normal' : 'none' },
        thresholdsStyle: { mode: panel.thresholds === undefined ? 'off' : 'dashed' },
      },
    },
    overrides: Object.entries(panel.colours ?? {}).map(([name, colour]) => ({
      matcher: { id: 'byName', options: name },
      properties: [{ id: 'color', value: { mode: 'fixed', fixedColor: colour } }],
    })),
  },
  options: {
    legend: {
      displayMode: 'table',
      placement: 'bottom',
      calcs: ['lastNotNull', 'max'],
      sortBy: 'Last *',
      sortDesc: true,
    },
    tooltip: { mode: 'multi', sort: 'desc' },
  },
});

const statJson = (panel: Stat, datasource: Json): Json => ({
  type: 'stat',
  targets: panel.queries.map((query, index) => ({ ...target(query, index, datasource), range: true })),
  fieldConfig: {
    defaults: {
      unit: panel.unit,
      color: { mode: 'thresholds' },
      thresholds: thresholdsJson(panel.thresholds ?? []),
      noValue: 'no data',
    },
    overrides: [],
  },
  options: {
    reduceOptions: { calcs: ['lastNotNull'], values: false },
    // The whole tile is painted: what is red is seen from across the room.
    colorMode: panel.thresholds === undefined ? 'value' : 'background',
    graphMode: 'area',
    textMode: 'value',
  },
});

const tableJson = (panel: Table, datasource: Json): Json => ({
  type: 'table',
  targets: panel.columns.map(({ expr, title }, index) => ({
    ...target({ expr, legend: title }, index, datasource),
    instant: true,
    format: 'table',
  })),
  fieldConfig: {
    defaults: { unit: 'short', custom: { filterable: true } },
    overrides: panel.columns.map((column, index) => columnJson(column, valueName(panel, index))),
  },
  options: { showHeader: true, cellHeight: 'sm', footer: { show: false } },
  transformations: [
    { id: 'merge', options: {} },
    {
      id: 'filterFieldsByName',
      options: {
        include: { names: [...Object.keys(panel.by), ...panel.columns.map((_, i) => valueName(panel, i))] },
      },
    },
    {
      id: 'organize',
      options: {
        renameByName: {
          ...panel.by,
          ...Object.fromEntries(panel.columns.map(({ title }, index) => [valueName(panel, index), title])),
        },
        indexByName: Object.fromEntries(
          [...Object.keys(panel.by), ...panel.columns.map((_, i) => valueName(panel, i))].map((name, i) => [
            name,
            i,
          ]),
        ),
      },
    },
  ],
});

/** How Grafana calls the value of a query of a table: without a letter where there is one only. */
const valueName = ({ columns }: Table, index: number): string =>
  columns.length === 1 ? 'Value' : `Value #${refId(index)}`;

const columnJson = ({ unit, title, thresholds }: Column, name: string): Json => ({
  // Both names: an override meets the column before it is renamed in some versions and after it in others.
  matcher: { id: 'byRegexp', options: `^(${name}|${escaped(title)})$` },
  properties: [
    { id: 'unit', value: unit },
    ...(thresholds === undefined
      ? []
      : [
          { id: 'thresholds', value: thresholdsJson(thresholds) },
          { id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } },
        ]),
  ],
});

const escaped = (text: string): string => text.replace(/[.*+?^$()[\]{}|\\/]/g, '\\$&');

const target = ({ expr, legend }: Query, index: number, datasource: Json): Json => ({
  refId: refId(index),
  datasource,
  editorMode: 'code',
  expr,
  legendFormat: legend,
});

const refId = (index: number): string => String.fromCharCode('A'.charCodeAt(0) + index);

/** Without thresholds nothing is judged; else what is below the first is well. */
const thresholdsJson = (thresholds: readonly Threshold[]): Json => {
  const base: Colour = thresholds.length === 0 ? 'text' : 'green';
  return {
    mode: 'absolute',
    steps: [{ value: null, color: base }, ...thresholds.map(([value, color]) => ({ value, color }))],
  };
};
