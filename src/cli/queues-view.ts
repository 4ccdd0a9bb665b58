import {
  type JobTypeReport,
  lengthWords,
  type QueueReport,
  type QueuesReport,
  type StoppedReport,
  timeWords,
} from '../runtime/inspection/index.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

interface Row {
  readonly queue: QueueReport;
  readonly type: JobTypeReport;
}

/** Lag by kind of topic: the job type's own topics are named after it. */
const lagOf = ({ topics }: JobTypeReport, kind: 'events' | 'inbox' | 'waiting'): number | null => {
  const own = (topic: string): 'events' | 'inbox' | 'waiting' =>
    topic.includes('.job.') ? 'inbox' : topic.includes('.wait.') ? 'waiting' : 'events';
  const chosen = topics.filter(({ topic }) => own(topic) === kind);
  return chosen.length === 0 ? null : chosen.reduce((sum, { records }) => sum + records, 0);
};

const oldestOf = ({ topics }: JobTypeReport, nowMs: number): string | null => {
  const times = topics.flatMap(({ oldest }) => (oldest === null ? [] : [Date.parse(oldest)]));
  return times.length === 0 ? null : lengthWords(nowMs - Math.min(...times));
};

const keys = ({ keysParked, keysHeld, keysCut }: JobTypeReport): string => {
  const held = keysHeld === null || keysHeld === 0 ? '' : `, ${keysHeld} held`;
  return `${keysParked ?? '-'}${keysCut ? '+' : ''}${held}`;
};

/** More may run than is said where a process that runs the type says nothing. */
const running = ({ running: count, reporting, members }: JobTypeReport): string | null =>
  count === null ? null : `${count}${reporting < members ? '+' : ''}`;

const limit = ({ limit: use }: QueueReport): string | null =>
  use === null ? null : `${use.used} of ${use.most}${use.waiting === 0 ? '' : ', more wait'}`;

/** In a word; the lines below the table say the rest. */
const STARTS: Readonly<Record<JobTypeReport['starts'], string | null>> = {
  free: null,
  paused: 'paused',
  suspended: 'suspended',
  stopped: 'stopped',
  'in-part': 'in part',
  unknown: '-',
};

/** What waits, runs and stands still, by queue and job type. */
export const queueTable = (terminal: Terminal, { queues }: QueuesReport, nowMs: number): string =>
  renderTable<Row>(
    terminal,
    [
      { title: 'QUEUE', cell: ({ queue }) => queue.queue },
      { title: 'JOB TYPE', cell: ({ type }) => type.jobType },
      { title: 'EVENTS', cell: ({ type }) => lagOf(type, 'events') },
      { title: 'INBOX', cell: ({ type }) => lagOf(type, 'inbox') },
      { title: 'PARKED', cell: ({ type }) => lagOf(type, 'waiting') },
      { title: 'KEYS PARKED', cell: ({ type }) => keys(type) },
      { title: 'OLDEST', cell: ({ type }) => oldestOf(type, nowMs) },
      { title: 'DEAD', cell: ({ type }) => type.deadLetters },
      { title: 'RUNNING', cell: ({ type }) => running(type) },
      { title: 'WORKERS', cell: ({ type }) => type.members },
      { title: 'LIMIT', cell: ({ queue }) => limit(queue) },
      { title: 'STARTS', cell: ({ type }) => STARTS[type.starts] },
    ],
    queues.flatMap((queue) => queue.jobTypes.map((type) => ({ queue, type }))),
  );

const tierLines = ({ tiers }: QueuesReport): readonly string[] =>
  tiers.map(({ topic, records, overdueMs, groupId, members }) => {
    const who = members === 0 ? `nobody runs ${groupId}` : `does ${groupId} keep up?`;
    const late = overdueMs > 2_000 ? `, the oldest overdue by ${lengthWords(overdueMs)}: ${who}` : '';
    return `${records} on tier ${topic}${late}`;
  });

/** Job types with records that nobody reads. */
const deserted = ({ queues }: QueuesReport): readonly string[] =>
  queues.flatMap(({ jobTypes }) =>
    jobTypes
      .filter(({ members, topics }) => members === 0 && topics.some(({ records }) => records > 0))
      .map(({ jobType, groupId }) => `${jobType} has records and no worker: nobody runs ${groupId}`),
  );

const missing = ({ queues }: QueuesReport): readonly string[] =>
  queues.flatMap(({ jobTypes }) =>
    jobTypes.flatMap(({ groupId, topics }) =>
      topics
        .filter(({ hasOffsets }) => !hasOffsets)
        .map(
          ({ topic }) =>
            `${groupId} has no offsets on ${topic} and does not read it: \`esteira topics plan\``,
        ),
    ),
  );

const ordered = ({ jobType, pausedBy, suspended }: JobTypeReport): readonly string[] => [
  ...(pausedBy === null ? [] : [`${jobType} is paused by ${pausedBy}: \`esteira control list\``]),
  ...suspended,
];

/** Of one job type no more are said than help. */
const MOST_LINES = 5;

const stoppedWords = (jobType: string, one: StoppedReport, nowMs: number): string => {
  const { kind, what, tenant, since, nextTry, processes } = one;
  const where = processes === 1 ? 'one process' : `${processes} processes`;
  const from = `since ${timeWords(Date.parse(since), nowMs)}, in ${where}`;
  if (kind === 'problem') return `${jobType} has a problem ${from}: ${what}`;
  const nextMs = nextTry === null ? nowMs : Date.parse(nextTry);
  const next = nextMs > nowMs ? `one job tries in ${lengthWords(nextMs - nowMs)}` : 'the next job tries';
  const whose = tenant === null ? '' : ` for tenant ${tenant}`;
  return `${jobType} is suspended${whose} ${from}: ${what} is down; ${next}, and all go on when it gets through`;
};

const stopped = ({ jobType, stopped: all }: JobTypeReport, nowMs: number): readonly string[] => {
  // What holds for the whole type comes before what holds for a tenant.
  const sorted = all.toSorted((a, b) => Number(a.tenant !== null) - Number(b.tenant !== null));
  const lines = sorted.slice(0, MOST_LINES).map((one) => stoppedWords(jobType, one, nowMs));
  const more = all.length - lines.length;
  return more === 0 ? lines : [...lines, `${jobType} is stopped for ${more} more reasons: see \`--json\``];
};

/** What is worth saying below the table. */
export const queueLines = (report: QueuesReport, nowMs: number): readonly string[] => [
  ...report.gaps,
  ...report.queues.flatMap(({ jobTypes }) =>
    jobTypes.flatMap((type) => [...ordered(type), ...stopped(type, nowMs)]),
  ),
  ...tierLines(report),
  ...deserted(report),
  ...missing(report),
];
