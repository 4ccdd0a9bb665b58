import { execFile } from 'node:child_process';
import process from 'node:process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { hall, lines, onBooked } from './bench.ts';

const LIMIT_MS = 60_000;

// What a handler left running was refused, and nobody was told: `adapters` was proved.
test(
  'what a handler does after its end is a breach too',
  async () => {
    const run = (): void => {
      setTimeout(() => {
        try {
          process.kill(process.pid, 0);
        } catch {
          // The refusal; it has been told.
        }
      }, 100);
    };
    const told = await lines(hall([onBooked({ run })]), { runHandlers: true });
    expect(told['adapters']).toContain(
      'breach: it reached outside past every provider: process process.kill',
    );
  },
  LIMIT_MS,
);

const THROWING_LATER = `
  import { z } from 'zod';
  import { checkCompliance, defineApp, defineJob, knownTenants } from './src/index.ts';
  const late = { type: 'late', kind: 'system', order: 'none', payload: z.object({ n: z.number() }) };
  const run = () => { setTimeout(() => { throw new TypeError('late'); }, 20); Promise.reject(new RangeError('early')); };
  const app = defineApp({ name: 'later', events: [], tenants: knownTenants(['t']), jobs: [defineJob({ ...late, run })] });
  const { jobs } = await checkCompliance(app, { runHandlers: true, isAlone: true, environment: {} });
  console.log(JSON.stringify(jobs[0].findings));
`;

// It ended the check with a stack and no report.
test(
  'what it started and nobody waits for throws: a breach in its name, and the check goes on',
  async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', THROWING_LATER],
      { timeout: LIMIT_MS },
    );
    expect(JSON.parse(stdout)).toContainEqual({
      ...{ line: 'crash-safe', verdict: 'breach', todo: expect.stringContaining('await') },
      says: expect.stringContaining('(RangeError, TypeError)'),
    });
  },
  LIMIT_MS,
);
