import type {
  PlanFile,
  ReplayedRecord,
  ReplayReview,
  ReplayStatus,
  ReviewLine,
  RunResult,
} from '../runtime/replay/index.ts';
import { approvalReason, LEDGER_OUTCOMES } from '../runtime/replay/index.ts';
import { renderTable } from './table.ts';
import { paint, printable, type Terminal } from './terminal.ts';

const MOST_LINES = 8;
/** How much of a plan's id is shown in tables: enough to name it. */
const SHORT_ID = 8;

const several = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

const facts = (terminal: Terminal, lines: readonly (readonly [string, string | null])[]): string => {
  const known = lines.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
  const widest = Math.max(...known.map(([name]) => name.length));
  return known
    .map(([name, value]) => `${paint(terminal, 'bold', name.padEnd(widest))}  ${printable(value)}`)
    .join('\n');
};

const countLines = (counts: Readonly<Record<string, number>>): string | null => {
  if (Object.keys(counts).length === 0) return null;
  const all = Object.entries(counts).sort(([, a], [, b]) => b - a);
  const shown = all.slice(0, MOST_LINES).map(([label, count]) => `${label} ${count}`);
  return [...shown, ...(all.length > MOST_LINES ? [`${all.length - MOST_LINES} more`] : [])].join(', ');
};

const planFacts = ({ planId, plan, approval }: PlanFile) =>
  [
    ['plan', planId],
    ['selection', plan.selection],
    ['made by', `${plan.actor}, ${new Date(plan.atMs).toISOString()}: ${plan.reason}`],
    ['approved by', approval === undefined ? null : `${approval.actor}: ${approval.reason}`],
    ['records', `${plan.total} on ${plan.topics.map(({ topic }) => topic).join(', ')}`],
    ['job type', plan.window === undefined ? countLines(plan.counts.jobType) : null],
    ['reason', countLines(plan.counts.reason)],
    ['fingerprint', countLines(plan.counts.fingerprint)],
    ['tenant', countLines(plan.counts.tenant)],
    ['schema', countLines(plan.counts.schema)],
  ] as const;

const missingLine = (
  topic: string,
  { partition, from, to, firstAtMs }: NonNullable<PlanFile['plan']['window']>['missing'][number],
): string => {
  const first =
    firstAtMs === null ? 'nothing is left of it' : `it begins at ${new Date(firstAtMs).toISOString()}`;
  return `missing from its beginning: offsets ${from} to ${BigInt(to) - 1n} of ${topic}/${partition} are gone; ${first}`;
};

const missingLines = ({ plan: { window, topics } }: PlanFile): readonly string[] =>
  (window?.missing ?? []).map((missing) => missingLine(topics[0]?.topic ?? '', missing));

/** A plan as it was made, and what comes next. */
export const planText = (terminal: Terminal, file: PlanFile): string => {
  const { planId, plan } = file;
  const left = plan.refused.map(
    ({ why, count, examples }) => `${count} left out: ${why} (${examples.join(', ')})`,
  );
  const next = `See what it would do: esteira replay review ${planId.slice(0, SHORT_ID)}`;
  return [facts(terminal, planFacts(file)), ...missingLines(file), ...left.map(printable), next].join('\n');
};

const VERDICTS: Readonly<Record<ReviewLine['verdict'], string>> = {
  replay: 'would be replayed',
  forced: 'done already: would run once more',
  done: 'done already: skipped',
  undecodable: 'no longer decodes: left out, unless --undecodable',
  expired: 'older than its job may be: left out',
  shelved: 'over its cap: shelved',
  refused: 'must not go back',
  held: 'its key must not be overtaken: left out',
  ahead: 'not yet its turn: runs by itself',
  other: 'nothing to this job type',
  gone: 'gone from its topic',
};

const approvalLine = (file: PlanFile): readonly string[] => {
  const reason = approvalReason(file, Date.now());
  if (reason === undefined || file.approval !== undefined) return [];
  const sentence = `${reason.slice(0, 1).toUpperCase()}${reason.slice(1)}`;
  return [
    `${sentence}: a second person has to agree: esteira replay approve ${file.planId.slice(0, SHORT_ID)}`,
  ];
};

/** What a run would do. */
export const reviewText = (terminal: Terminal, { file, lines, counts }: ReplayReview): string => {
  const table = renderTable(
    terminal,
    [
      { title: 'RECORDS', cell: ({ count }: ReviewLine) => count },
      { title: 'WHAT WOULD BECOME OF THEM', cell: ({ verdict }) => VERDICTS[verdict], cuttable: false },
      {
        title: 'FOR EXAMPLE',
        cell: ({ examples: [first] }) =>
          first === undefined
            ? null
            : [first.position, first.detail].filter((text) => text !== null).join(': '),
      },
    ],
    lines.toSorted((a, b) => b.count - a.count),
  );
  const run = `Nothing was written. To do it: esteira replay run ${file.planId.slice(0, SHORT_ID)} --reason …`;
  const own = file.plan.window === undefined ? [] : reviewFacts(counts);
  return [
    facts(terminal, [...planFacts(file), ...own]),
    ...missingLines(file),
    ...[table, ...approvalLine(file), run],
  ].join('\n');
};

/** A plan of a window has not looked at its records: a review has. */
const reviewFacts = ({ tenant, schema }: ReplayReview['counts']) =>
  [
    [
      'its own',
      `${Object.values(tenant).reduce((sum, count) => sum + count, 0)} records are for the job type`,
    ],
    ['tenant', countLines(tenant)],
    ['schema', countLines(schema)],
  ] as const;

/** What the ledger says so far. */
export const ledgerWords = (counts: ReplayStatus['counts']): string =>
  LEDGER_OUTCOMES.filter((outcome) => counts[outcome] > 0)
    .map((outcome) => `${counts[outcome]} ${outcome}`)
    .join(', ') || 'nothing yet';

/** How a run ended. */
export const runText = ({ planId, state, why, settled, total, counts }: RunResult): string => {
  const end = why === null ? state : why.startsWith(state) ? why : `${state}: ${why}`;
  const next =
    state === 'paused' || state === 'stopped'
      ? ` Go on: esteira replay resume ${planId.slice(0, SHORT_ID)} --reason …`
      : '';
  return printable(`${end}. ${settled} of ${several(total, 'record')}: ${ledgerWords(counts)}.${next}`);
};

const outcomeWords = (outcomes: ReadonlyMap<string, number>): string | null =>
  outcomes.size === 0 ? null : [...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ');

/** Where a plan stands, a line a fact. */
export const statusText = (
  terminal: Terminal,
  status: ReplayStatus,
  jobs: ReadonlyMap<string, number>,
): string => {
  const { holder } = status;
  return facts(terminal, [
    ['plan', status.planId],
    ['state', status.state.replaceAll('_', ' ')],
    ['why', status.why],
    ['selection', status.selection],
    ['made by', `${status.madeBy}, ${status.madeAt}`],
    ['approved by', status.approvedBy],
    ['run by', status.runBy === null ? null : `${status.runBy}, since ${status.startedAt}`],
    [
      'held by',
      holder === null ? null : `${holder.actor} on ${holder.host}, heard of at ${holder.heardOfAt}`,
    ],
    ['canary', status.canary],
    ['ledger', `${status.settled} of ${status.total}: ${ledgerWords(status.counts)}`],
    ['jobs', outcomeWords(jobs)],
  ]);
};

/** All plans as a table. */
export const listTable = (terminal: Terminal, plans: readonly ReplayStatus[]): string =>
  renderTable(
    terminal,
    [
      { title: 'PLAN', cell: ({ planId }: ReplayStatus) => planId.slice(0, SHORT_ID), cuttable: false },
      { title: 'STATE', cell: ({ state }) => state.replaceAll('_', ' '), cuttable: false },
      { title: 'DONE', cell: ({ settled, total }) => `${settled}/${total}`, cuttable: false },
      { title: 'MADE BY', cell: ({ madeBy }) => madeBy },
      { title: 'MADE AT', cell: ({ madeAt }) => madeAt },
      { title: 'SELECTION', cell: ({ selection }) => selection },
      { title: 'WHY', cell: ({ why }) => why },
    ],
    plans,
  );

/** What became of each record, as a table. */
export const resultTable = (terminal: Terminal, records: readonly ReplayedRecord[]): string =>
  renderTable(
    terminal,
    [
      { title: 'POSITION', cell: ({ position }: ReplayedRecord) => position, cuttable: false },
      { title: 'OUTCOME', cell: ({ outcome }) => outcome, cuttable: false },
      { title: 'JOB', cell: ({ jobId }) => jobId },
      { title: 'TENANT', cell: ({ tenant }) => tenant },
      { title: 'INBOX', cell: ({ inbox }) => inbox },
      { title: 'SINCE THEN', cell: ({ job }) => job, cuttable: false },
    ],
    records,
  );
