import type { Command } from 'commander';
import {
  type JobTypeReport,
  lengthWords,
  listQueues,
  type QueueReport,
  type QueuesReport,
} from '../../runtime/inspection/index.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { type CommonOptions, withSession } from '../session.ts';
import { renderJson, renderTable } from '../table.ts';
import { printable, type Terminal } from '../terminal.ts';
import { addPurgeCommand } from './control.ts';

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

const running = ({ limit }: QueueReport): string | null =>
  limit === null ? null : `${limit.used} of ${limit.most}${limit.waiting === 0 ? '' : ', more wait'}`;

const queueTable = (terminal: Terminal, rows: readonly Row[], nowMs: number): string =>
  renderTable(
    terminal,
    [
      { title: 'QUEUE', cell: ({ queue }) => queue.queue },
      { title: 'JOB TYPE', cell: ({ type }) => type.jobType },
      { title: 'EVENTS', cell: ({ type }) => lagOf(type, 'events') },
      { title: 'INBOX', cell: ({ type }) => lagOf(type, 'inbox') },
      { title: 'PARKED', cell: ({ type }) => lagOf(type, 'waiting') },
      { title: 'KEYS PARKED', cell: ({ type }) => `${type.keysParked ?? '-'}${type.keysCut ? '+' : ''}` },
      { title: 'OLDEST', cell: ({ type }) => oldestOf(type, nowMs) },
      { title: 'DEAD', cell: ({ type }) => type.deadLetters },
      { title: 'RUNNING', cell: ({ queue }) => running(queue) },
      { title: 'WORKERS', cell: ({ type }) => type.members },
    ],
    rows,
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

const paused = ({ queues }: QueuesReport): readonly string[] =>
  queues.flatMap(({ jobTypes }) =>
    jobTypes.flatMap(({ jobType, pausedBy, suspended }) => {
      if (suspended.length > 0) return suspended;
      return pausedBy === null ? [] : [`${jobType} is paused by ${pausedBy}: \`esteira control list\``];
    }),
  );

const list = (context: CommandContext, options: CommonOptions): Promise<void> =>
  withSession(context, options, async ({ app, backend }) => {
    const { terminal } = context;
    const nowMs = Date.now();
    const report = await listQueues({ app, backend }, nowMs);
    if (options.json === true) return terminal.out(renderJson(report));
    const rows = report.queues.flatMap((queue) => queue.jobTypes.map((type) => ({ queue, type })));
    terminal.out(queueTable(terminal, rows, nowMs));
    const lines = [...paused(report), ...tierLines(report), ...deserted(report), ...missing(report)];
    for (const line of lines) terminal.out(printable(line));
  });

/** `esteira queues list|purge`. */
export const addQueuesCommands = (program: Command, context: CommandContext, finish: Finish): void => {
  const queues = program.command('queues').description('queues: what waits in them');
  queues
    .command('list')
    .description('show what waits, by queue and job type')
    .option('--json', 'for programs')
    .action(async (_, command: Command) => {
      await list(context, command.optsWithGlobals<CommonOptions>());
      finish(EXIT.done);
    });
  addPurgeCommand(queues, context, finish);
};
