import { execFile } from 'node:child_process';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { prometheusOrNothing } from '../../support/dashboards/prometheus-or-nothing.ts';
import {
  alertRules,
  RULES_FOLDER,
  recordRules,
  ruleFiles,
  ruleTestFiles,
} from '../../support/dashboards/read-rules.ts';

const run = promisify(execFile);
const binaries = await prometheusOrNothing();

// Prometheus' own tool judges the rules: nothing of ours stands in for it.
describe.skipIf(binaries === undefined)('the rules, by promtool', () => {
  let promtool = '';
  beforeAll(() => {
    promtool = binaries?.promtool ?? '';
  });

  test('are valid', async () => {
    const { stdout } = await run(promtool, ['check', 'rules', ...ruleFiles()]);
    const found = [...stdout.matchAll(/SUCCESS: (\d+) rules found/g)].map((match) => Number(match[1]));
    expect(found).toEqual([recordRules().length, alertRules().length]);
  });

  test('are what the example of a configuration loads', async () => {
    await run(promtool, ['check', 'config', join(RULES_FOLDER, 'prometheus.yml')]);
  });

  test.concurrent.each(ruleTestFiles().map((path) => [basename(path), path]))(
    'do what %s expects',
    async (_, path) => {
      await run(promtool, ['test', 'rules', path ?? '']).catch(
        (error: { stdout: string; stderr: string }) => {
          throw new Error(`${error.stdout}${error.stderr}`);
        },
      );
    },
  );
});
