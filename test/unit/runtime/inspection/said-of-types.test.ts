import { expect, it } from 'vitest';
import { type StoppedStarts, writeReport } from '../../../../src/core/process-report.ts';
import { readSaid } from '../../../../src/runtime/inspection/said-of-types.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

/** What is made of the reports of some processes. */
const saidBy = (...texts: readonly string[]) =>
  readSaid({ report: async () => undefined, withdraw: async () => undefined, reports: async () => texts });

const report = (running: number, ...stopped: readonly StoppedStarts[]): string =>
  writeReport([
    { jobType: 'settle', running, stopped },
    { jobType: 'archive', running: 0, stopped: [] },
  ]);

it('adds up what runs, and takes what another version says for silence', async () => {
  const said = await saidBy(report(3), report(4), '{"v":2}');
  expect(said.of('settle')).toEqual({ running: 7, reporting: 2, stopped: [] });
  expect(said.of('unheard-of')).toEqual({ running: null, reporting: 0, stopped: [] });
});

it('what several processes have stopped is one, since the first of them and until the next try of any', async () => {
  const bank = { kind: 'dependency', what: 'bank' } as const;
  const said = await saidBy(
    report(0, { ...bank, sinceMs: 2_000, nextTryMs: 8_000 }, { ...bank, tenant: 'acme', sinceMs: 500 }),
    report(0, { kind: 'problem', what: 'bank', sinceMs: 900 }, { ...bank, sinceMs: 1_000, nextTryMs: 9_000 }),
  );
  expect(said.of('settle').stopped).toEqual([
    { ...bank, tenant: 'acme', since: iso(500), nextTry: null, processes: 1 },
    { kind: 'problem', what: 'bank', tenant: null, since: iso(900), nextTry: null, processes: 1 },
    { ...bank, tenant: null, since: iso(1_000), nextTry: iso(8_000), processes: 2 },
  ]);
  expect(said.of('archive').stopped).toEqual([]);
});
