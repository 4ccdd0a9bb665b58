import { expect, it } from 'vitest';
import { queueLines, queueTable } from '../../../src/cli/queues-view.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';
import type { JobTypeReport, QueuesReport, StoppedReport } from '../../../src/runtime/inspection/index.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const at = (secondsAgo: number): string => new Date(NOW - secondsAgo * 1_000).toISOString();
const terminal: Terminal = {
  ...{ out: () => undefined, err: () => undefined, columns: undefined, hasColours: false },
  ...{ cwd: '/', environment: {}, readInput: async () => '' },
};

const settle: JobTypeReport = {
  ...{ jobType: 'settle', groupId: 'bank.job.settle', members: 2, deadLetters: 0 },
  ...{ running: 3, reporting: 2, stopped: [], starts: 'free', pausedBy: null, suspended: [] },
  ...{ topics: [], keysParked: null, keysHeld: null, keysCut: false },
};

const bankDown: StoppedReport = {
  ...{ kind: 'dependency', what: 'bank:443', tenant: null, processes: 2 },
  ...{ since: at(180), nextTry: at(-12) },
};

const reportOf = (changes: Partial<JobTypeReport>): QueuesReport => ({
  queues: [{ queue: 'default', priority: 'normal', limit: null, jobTypes: [{ ...settle, ...changes }] }],
  ...{ tiers: [], gaps: [] },
});

const linesOf = (changes: Partial<JobTypeReport>) => queueLines(reportOf(changes), NOW);

/** A cell of the only row, by the title of its column. */
const cellOf = (title: string, report: QueuesReport): string => {
  const [heads = '', row = ''] = queueTable(terminal, report, NOW).split('\n');
  const from = heads.indexOf(title);
  return (row.slice(from).split(/ {2,}/)[0] ?? '').trim();
};

it('says which dependency has suspended a type, since when, where, and what happens next', () => {
  expect(linesOf({ starts: 'suspended', stopped: [bankDown] })).toEqual([
    'settle is suspended since 2026-01-01T11:57:00.000Z (3 min ago), in 2 processes: bank:443 is down; one job tries in 12 s, and all go on when it gets through',
  ]);
  const idle = { ...bankDown, tenant: 'acme', processes: 1, nextTry: at(5) };
  expect(linesOf({ starts: 'in-part', stopped: [idle] })).toEqual([
    'settle is suspended for tenant acme since 2026-01-01T11:57:00.000Z (3 min ago), in one process: bank:443 is down; the next job tries, and all go on when it gets through',
  ]);
});

it('says what is wrong with processes, and who has paused what a guard has suspended in part', () => {
  const problem: StoppedReport = {
    ...{ kind: 'problem', what: 'ESTEIRA_RECORD_TOO_LARGE', tenant: null, processes: 1 },
    ...{ since: at(60), nextTry: null },
  };
  expect(linesOf({ stopped: [problem], pausedBy: 'ana', suspended: ['tenant acme is suspended'] })).toEqual([
    'settle is paused by ana: `esteira control list`',
    'tenant acme is suspended',
    'settle has a problem since 2026-01-01T11:59:00.000Z (1 min ago), in one process: ESTEIRA_RECORD_TOO_LARGE',
  ]);
});

it('of many tenants it says some, the whole type first, and how many more there are', () => {
  const tenants = Array.from({ length: 7 }, (_, index) => ({ ...bankDown, tenant: `t${index}` }));
  const lines = linesOf({ stopped: [...tenants, bankDown] });
  expect(lines).toHaveLength(6);
  expect(lines[0]).toContain('settle is suspended since');
  expect(lines[5]).toBe('settle is stopped for 3 more reasons: see `--json`');
});

it('shows what runs, and whether somebody who runs it says nothing', () => {
  expect(cellOf('RUNNING', reportOf({}))).toBe('3');
  expect(cellOf('RUNNING', reportOf({ reporting: 1 }))).toBe('3+');
  expect(cellOf('RUNNING', reportOf({ reporting: 0, running: null }))).toBe('-');
});

it.each([
  ['free', '-'],
  ['paused', 'paused'],
  ['suspended', 'suspended'],
  ['stopped', 'stopped'],
  ['in-part', 'in part'],
] as const)('of starts that are %s it shows %s', (starts, cell) => {
  expect(cellOf('STARTS', reportOf({ starts }))).toBe(cell);
});

it('shows keys that are held beside those that are parked', () => {
  expect(cellOf('KEYS PARKED', reportOf({ keysParked: 2, keysHeld: 1, keysCut: true }))).toBe('2+, 1 held');
  expect(cellOf('KEYS PARKED', reportOf({ keysParked: 2, keysHeld: 0 }))).toBe('2');
});
