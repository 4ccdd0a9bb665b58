import type { Board, Choice, Panel, Row } from './panel.ts';
import { panelJson } from './panel-json.ts';

const COLUMNS = 24;
const TITLE_HEIGHT = 1;
/** The version of the form of boards that Grafana 11 writes; newer ones read it. */
const SCHEMA_VERSION = 39;
const DATASOURCE = { type: 'prometheus', uid: '$' + '{datasource}' };

/** A board as the JSON that Grafana imports and provisions. */
export const boardJson = ({ uid, title, about, choices, rows }: Board): Record<string, unknown> => ({
  uid: `esteira-${uid}`,
  title: `Esteira / ${title}`,
  description: about,
  tags: ['esteira'],
  schemaVersion: SCHEMA_VERSION,
  version: 1,
  editable: true,
  graphTooltip: 1, // one cross hair over all panels: what happened at the same time
  refresh: '30s',
  time: { from: 'now-3h', to: 'now' },
  timezone: 'browser',
  annotations: { list: [alertMarks] },
  links: [boardLinks],
  templating: { list: [datasourceChoice, ...choices.map(choiceJson)] },
  panels: placed(rows),
});

/** Where an alert began to fire. */
const alertMarks = {
  name: 'Alerts',
  datasource: DATASOURCE,
  enable: true,
  iconColor: 'red',
  expr: 'ALERTS{alertstate="firing", alertname=~"Esteira.*", job=~"$app|"}',
  titleFormat: '{{alertname}}',
  textFormat: '{{job_type}} {{queue}} {{instance}}',
};

const boardLinks = {
  type: 'dashboards',
  title: 'Esteira',
  tags: ['esteira'],
  asDropdown: false,
  includeVars: true,
  keepTime: true,
};

const datasourceChoice = {
  name: 'datasource',
  label: 'Prometheus',
  type: 'datasource',
  query: 'prometheus',
  current: {},
};

/** Several can be chosen, and all are at first. */
const choiceJson = ({ name, label, metric, of = name }: Choice) => ({
  name,
  label,
  type: 'query',
  datasource: DATASOURCE,
  query: { query: `label_values(${metric}, ${of})`, refId: name },
  definition: `label_values(${metric}, ${of})`,
  refresh: 2,
  sort: 1,
  multi: true,
  includeAll: true,
  allValue: '.*',
  current: { text: 'All', value: '$__all' },
});

/** Rows one below the other; in each, panels from left to right. */
const placed = (rows: readonly Row[]): readonly Record<string, unknown>[] => {
  const panels: Record<string, unknown>[] = [];
  let y = 0;
  for (const { title, height, panels: inRow } of rows) {
    panels.push(titleJson(panels.length + 1, title, y));
    y += TITLE_HEIGHT;
    let x = 0;
    for (const [index, panel] of inRow.entries()) {
      const w = panel.width ?? Math.floor(unclaimed(inRow) / inRow.filter(({ width }) => !width).length);
      panels.push({
        id: panels.length + 1,
        gridPos: { x, y, w: index === inRow.length - 1 ? COLUMNS - x : w, h: height },
        ...panelJson(panel, DATASOURCE),
      });
      x += w;
    }
    y += height;
  }
  return panels;
};

const unclaimed = (panels: readonly Panel[]): number =>
  COLUMNS - panels.reduce((sum, { width }) => sum + (width ?? 0), 0);

const titleJson = (id: number, title: string, y: number) => ({
  id,
  type: 'row',
  title,
  collapsed: false,
  panels: [],
  gridPos: { x: 0, y, w: COLUMNS, h: TITLE_HEIGHT },
});
