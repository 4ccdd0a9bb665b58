import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { BUCKETS_SECONDS } from '../../src/core/spread.ts';
import { meteredRun, type Scrape } from '../support/metered-app.ts';
import { ROOT } from '../support/source-files.ts';

const page = readFileSync(join(ROOT, 'docs/reference/metrics.md'), 'utf8');
const alerts = readFileSync(join(ROOT, 'dashboards/prometheus/alerts.rules.yml'), 'utf8');

const codesIn = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);

/** Every row of the page's tables of metrics. */
const documented = page
  .split('\n')
  .filter((line) => /^\| `[a-z_0-9]+` \|/.test(line))
  .map((line) => {
    const [name = '', type = '', labels = '', meaning = '', alertNames = ''] = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
    return {
      ...{ name: codesIn(name)[0] ?? '', type, labels: codesIn(labels), meaning },
      alerts: codesIn(alertNames),
    };
  });

const typesIn = ({ text }: Scrape): ReadonlyMap<string, string> =>
  new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]));

/** All labels that any series of the metric has. */
const labelsOf = ({ series }: Scrape, name: string): readonly string[] => {
  const own = series.filter((line) =>
    [name, `${name}_bucket`, `${name}_sum`, `${name}_count`].includes(line.replace(/[{ ].*/s, '')),
  );
  const labels = own.flatMap((line) =>
    [...line.matchAll(/[{,](\w+)="(?:[^"\\]|\\.)*"/g)].map(([, label = '']) => label),
  );
  return [...new Set(labels)].filter((label) => label !== 'le');
};

const sorted = (words: Iterable<string>): readonly string[] => [...words].sort();

describe('docs/reference/metrics.md', () => {
  let scrape: Scrape;
  beforeAll(async () => {
    scrape = await meteredRun();
  }, 20_000);

  test('has every metric that a process tells, and no other', () => {
    expect(sorted(documented.map(({ name }) => name))).toEqual(sorted(typesIn(scrape).keys()));
  });

  test('has each with its type', () => {
    const types = typesIn(scrape);
    expect(documented.map(({ name, type }) => [name, type])).toEqual(
      documented.map(({ name }) => [name, types.get(name)]),
    );
  });

  test('has each with its labels', () => {
    expect(documented.map(({ name, labels }) => [name, sorted(labels)])).toEqual(
      documented.map(({ name }) => [name, sorted(labelsOf(scrape, name))]),
    );
  });

  test('gives each a meaning, and names only alerts that there are', () => {
    for (const { name, meaning, alerts: named } of documented) {
      expect(meaning, name).not.toBe('');
      for (const alert of named)
        expect(alerts, `${name}: ${alert}`).toMatch(new RegExp(`alert: ${alert}$`, 'm'));
    }
  });

  test('names each metric at the alerts that read it', () => {
    const read = alerts
      .split(/- alert: /)
      .slice(1)
      .flatMap((rule) => {
        const [alert = ''] = rule.split('\n', 1);
        const expr = rule.slice(rule.indexOf('expr:'), rule.search(/\n\s+(for|labels):/));
        return documented
          .filter(({ name }) => new RegExp(`\\b${name}\\b`).test(expr))
          .map(({ name }) => ({ name, alert }));
      });
    const unnamed = read.filter(
      ({ name, alert }) => documented.find((one) => one.name === name)?.alerts.includes(alert) !== true,
    );
    expect(unnamed).toEqual([]);
  });

  test('has the buckets of the histograms', () => {
    const buckets = page.split('\n').find((line) => line.startsWith('Upper bounds'));
    expect(buckets?.match(/\d+(\.\d+)?/g)?.map(Number)).toEqual([...BUCKETS_SECONDS]);
  });
});
