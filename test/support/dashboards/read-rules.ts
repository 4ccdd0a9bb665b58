import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../source-files.ts';

/** Where the rules are. */
export const RULES_FOLDER = join(ROOT, 'dashboards/prometheus');

const alert = z.object({
  alert: z.string(),
  expr: z.string(),
  labels: z.object({ severity: z.enum(['page', 'ticket']) }),
  annotations: z.object({ summary: z.string(), action: z.string(), runbook: z.string() }),
});
const record = z.object({ record: z.string(), expr: z.string() });
const ruleFile = z.object({
  groups: z.array(z.object({ name: z.string(), rules: z.array(z.union([alert, record])) })),
});
const testFile = z.object({
  tests: z.array(
    z.object({
      name: z.string(),
      alert_rule_test: z
        .array(z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) }))
        .default([]),
    }),
  ),
});

/** A rule that raises an alert. */
export type AlertRule = z.infer<typeof alert>;
/** A rule that records a series. */
export type RecordRule = z.infer<typeof record>;

/** The files with rules, and those with their tests, by their paths. */
export const ruleFiles = (): readonly string[] =>
  ['recording.rules.yml', 'alerts.rules.yml'].map((name) => join(RULES_FOLDER, name));
export const ruleTestFiles = (): readonly string[] =>
  readdirSync(join(RULES_FOLDER, 'tests'))
    .sort()
    .map((name) => join(RULES_FOLDER, 'tests', name));

const read = (path: string): unknown => parse(readFileSync(path, 'utf8'));

const allRules = () =>
  ruleFiles().flatMap((path) => ruleFile.parse(read(path)).groups.flatMap(({ rules }) => rules));

/** Rules that raise alerts. */
export const alertRules = (): readonly AlertRule[] => allRules().filter((rule) => 'alert' in rule);

/** Rules that record series. */
export const recordRules = (): readonly RecordRule[] => allRules().filter((rule) => 'record' in rule);

/** What the tests of rules expect: of an alert, whether it fires. */
export const expectedAlerts = (): readonly { readonly alert: string; readonly fires: boolean }[] =>
  ruleTestFiles()
    .flatMap((path) => testFile.parse(read(path)).tests)
    .flatMap(({ alert_rule_test }) => alert_rule_test)
    .map(({ alertname, exp_alerts }) => ({ alert: alertname, fires: exp_alerts.length > 0 }));
