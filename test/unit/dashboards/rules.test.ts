import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemContext } from '../../../src/cli/context.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { readBoards } from '../../support/dashboards/read-boards.ts';
import { alertRules, expectedAlerts, recordRules } from '../../support/dashboards/read-rules.ts';
import { ROOT } from '../../support/source-files.ts';

const anchorsOf = (path: string): readonly string[] =>
  [...readFileSync(join(ROOT, path), 'utf8').matchAll(/^#+ (.*)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );

describe('the alerts', () => {
  const alerts = alertRules();

  it('each have a chapter in the guide, which their runbook names', () => {
    for (const { alert, annotations } of alerts) {
      const [path = '', anchor = ''] = annotations.runbook.split('#');
      expect(anchor, alert).toBe(alert.toLowerCase());
      expect(anchorsOf(path), alert).toContain(anchor);
    }
  });

  it('are the only alerts that the guide has chapters for', () => {
    const chapters = anchorsOf('docs/guides/monitoring.md').filter((anchor) =>
      /^esteira[a-z]+$/.test(anchor),
    );
    expect([...chapters].sort()).toEqual(alerts.map(({ alert }) => alert.toLowerCase()).sort());
  });

  it('are told with each metric that they are made of', () => {
    const page = readFileSync(join(ROOT, 'docs/reference/metrics.md'), 'utf8');
    const told = [...page.matchAll(/`(Esteira[A-Za-z]+)`/g)].map((match) => match[1] ?? '');
    // Two are of what Prometheus itself knows of a process: whether it answers.
    const withMetrics = alerts.filter(({ alert }) => !/^Esteira(?:WorkerDown|NoWorker)$/.test(alert));
    expect([...new Set(told)].sort()).toEqual(withMetrics.map(({ alert }) => alert).sort());
  });

  it('are each tested both ways: when they must fire, and when they must not', () => {
    const expected = expectedAlerts();
    const tested = (alert: string, fires: boolean) =>
      expected.some((one) => one.alert === alert && one.fires === fires);
    expect(alerts.filter(({ alert }) => !tested(alert, true)).map(({ alert }) => alert)).toEqual([]);
    expect(alerts.filter(({ alert }) => !tested(alert, false)).map(({ alert }) => alert)).toEqual([]);
  });

  it('and the guide name only commands that `esteira` has', () => {
    const program = createProgram(systemContext(), '0', () => undefined);
    const below = new Map(
      program.commands.map((command) => [command.name(), command.commands.map((sub) => sub.name())]),
    );
    const texts = [
      ...alerts.map(({ annotations }) => annotations.action),
      readFileSync(join(ROOT, 'docs/guides/monitoring.md'), 'utf8'),
      ...readBoards().flatMap(({ panels }) => panels.map(({ description = '' }) => description)),
    ];
    const named = texts.flatMap((text) => [...text.matchAll(/\besteira ([a-z]+)(?: ([a-z]+))?/g)]);
    expect(named.length).toBeGreaterThan(30);
    const isKnown = (group = '', command = ''): boolean => {
      const commands = below.get(group);
      return commands !== undefined && (commands.length === 0 || commands.includes(command));
    };
    const unknown = named.filter(([, group, command]) => !isKnown(group, command));
    expect(unknown.map(([text]) => text)).toEqual([]);
  });

  it('use only recorded series that exist', () => {
    const recorded = recordRules().map(({ record }) => record);
    const used = [...alerts, ...recordRules()].flatMap(
      ({ expr }) => expr.match(/\b[a-z_]*:[a-z_]+(?::[a-z0-9]+)?/g) ?? [],
    );
    expect(used.length).toBeGreaterThan(10);
    expect(used.filter((name) => !recorded.includes(name))).toEqual([]);
  });
});
