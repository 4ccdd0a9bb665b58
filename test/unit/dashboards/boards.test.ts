import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { boardFiles } from '../../../dashboards/grafana/boards.ts';
import { readBoards } from '../../support/dashboards/read-boards.ts';
import { ROOT } from '../../support/source-files.ts';

const FOLDER = join(ROOT, 'dashboards/grafana/boards');

const repeated = <T>(values: readonly T[]): readonly T[] =>
  values.filter((value, index) => values.indexOf(value) !== index);

describe('the boards', () => {
  const boards = readBoards();
  const eachPanel = boards.flatMap(({ uid, panels }) =>
    panels.filter(({ type }) => type !== 'row').map((panel) => ({ uid, panel })),
  );

  it('in the folder are what the code writes: `npm run dashboards`', () => {
    const files = boardFiles();
    expect(readdirSync(FOLDER).sort()).toEqual([...files.keys()].sort());
    for (const [name, text] of files) expect(readFileSync(join(FOLDER, name), 'utf8'), name).toBe(text);
  });

  it('have addresses of their own, and panels ids of their own', () => {
    expect(repeated(boards.map(({ uid }) => uid))).toEqual([]);
    expect(repeated(boards.map(({ title }) => title))).toEqual([]);
    for (const { uid, panels } of boards) expect(repeated(panels.map(({ id }) => id)), uid).toEqual([]);
  });

  it('fill each row to its edge, and no panel lies on another', () => {
    for (const { uid, panels } of boards) {
      const taken = new Set<string>();
      for (const { title, gridPos } of panels) {
        const { x, y, w, h } = gridPos;
        expect(w, `${uid}: ${title}`).toBeGreaterThanOrEqual(4);
        expect(x + w, `${uid}: ${title}`).toBeLessThanOrEqual(24);
        for (let column = x; column < x + w; column += 1) {
          for (let line = y; line < y + h; line += 1) {
            expect(taken.has(`${column}/${line}`), `${uid}: ${title} lies on another`).toBe(false);
            taken.add(`${column}/${line}`);
          }
        }
      }
      const bottom = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
      expect(taken.size, `${uid} has holes`).toBe(24 * bottom);
    }
  });

  it('say of each panel what it is, in which unit, and ask the chosen Prometheus', () => {
    for (const { uid, panel } of eachPanel) {
      const name = `${uid}: ${panel.title}`;
      expect(panel.description?.length, name).toBeGreaterThan(10);
      expect(panel.fieldConfig?.defaults.unit, name).toBeTruthy();
      expect(panel.targets?.length, name).toBeGreaterThan(0);
      for (const target of panel.targets ?? []) {
        expect(target.datasource.uid, name).toBe('$' + '{datasource}');
        expect(target.legendFormat, name).toBeTruthy();
      }
      expect(repeated((panel.targets ?? []).map(({ refId }) => refId)), name).toEqual([]);
    }
  });

  it('use only variables that they offer, and Grafana’s own', () => {
    for (const { uid, panels, templating } of boards) {
      const offered = templating.list.map(({ name }) => name);
      expect(offered[0], uid).toBe('datasource');
      const used = panels.flatMap(({ targets = [] }) =>
        targets.flatMap(({ expr }) => [...expr.matchAll(/\$(\w+)/g)].map((match) => match[1] ?? '')),
      );
      expect(used.filter((name) => !offered.includes(name) && name !== '__rate_interval')).toEqual([]);
    }
  });

  it('give no title twice', () => {
    for (const { uid, panels } of boards) expect(repeated(panels.map(({ title }) => title)), uid).toEqual([]);
  });
});
