import { describe, expect, test } from 'vitest';
import { renderDiagnosis } from '../../../src/cli/doctor-view.ts';
import type { Check } from '../../../src/runtime/doctor/index.ts';
import { makeCommandLine } from './command-line.ts';

describe('esteira doctor', () => {
  test('in memory there is only the environment to look at, and that is well', async () => {
    const { run } = makeCommandLine();
    const { code, out, err } = await run(['doctor']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^configuration\nok {4}environment: backend memory/);
    expect(out).toMatch(/\n\n1 ok, 0 warnings, 0 problems, 0 unknown\.$/);
  });

  test('an environment that cannot be used is a problem each, not the end of the command', async () => {
    const { run } = makeCommandLine();
    const { code, out, err } = await run(['doctor'], { NODE_ENV: 'production', WORKER_MAX_JOB: '1' });
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(out).toContain('FAIL  WORKER_MAX_JOB: not a variable of Esteira');
    expect(out).toContain('\n      -> ');
    expect(out).toContain('0 ok, 0 warnings, 2 problems, 0 unknown.');
  });

  test('--json is one value that a deploy gate can hold on to', async () => {
    const { run } = makeCommandLine();
    const { code, out } = await run(['doctor', '--json'], { NODE_ENV: 'production' });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      checks: [
        {
          area: 'configuration',
          name: 'backend',
          verdict: 'problem',
          says: expect.stringContaining('memory in production'),
          todo: 'set KAFKA_BROKERS, SCHEMA_REGISTRY_URL and REDIS_URL',
        },
      ],
      counts: { ok: 0, warning: 0, problem: 1, unknown: 0 },
    });
  });

  test('wrong use is told apart from something found wrong', async () => {
    const { run } = makeCommandLine();
    expect((await run(['doctor', '--strickt'])).code).toBe(2);
    expect((await run(['doctor', '--app', 'nowhere.ts'])).code).toBe(2);
  });
});

describe('what is printed', () => {
  const check = (change: Partial<Check>): Check => ({
    ...{ area: 'topics', name: 'copies', verdict: 'warning', todo: `reassign ${'replicas '.repeat(12)}` },
    ...{ says: `one copy ${'of each record '.repeat(12)}` },
    ...change,
  });
  const print = (columns: number | undefined, ...checks: readonly Check[]) => {
    const terminal = { out: () => undefined, err: () => undefined, columns, hasColours: false, cwd: '.' };
    const counts = { ok: 0, warning: checks.length, problem: 0, unknown: 0 };
    return renderDiagnosis({ ...terminal, environment: {}, readInput: async () => '' }, { checks, counts });
  };

  test.each([undefined, 80, 60])('fits a screen of %s columns', (columns) => {
    const lines = print(columns, check({})).split('\n');
    expect(lines.filter((line) => line.length > (columns ?? 80))).toEqual([]);
    expect(lines[1]).toMatch(/^warn {2}copies: one copy/);
    expect(lines.filter((line) => line.startsWith('      -> '))).toHaveLength(1);
    expect(lines[2]).toMatch(/^ {6}\S/);
  });

  test('areas are in one order, whatever order they were looked at', () => {
    const text = print(80, check({ area: 'rights' }), check({ area: 'services' }), check({}));
    expect(text.match(/^(services|topics|rights)$/gm)).toEqual(['services', 'topics', 'rights']);
  });

  test('what a service says cannot steer the terminal', () => {
    expect(print(80, check({ says: 'a\u001b[31mb\nc' }))).toContain('copies: a [31mb c');
  });
});
