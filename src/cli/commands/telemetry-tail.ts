import type { Command } from 'commander';
import type { JobEvent } from '../../core/generated/job-event.ts';
import { JOB_EVENT_TYPES } from '../../core/job-event.ts';
import { tailTelemetry } from '../../runtime/analytics/index.ts';
import { oneOf, parseCount, parseTime } from '../arguments.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { type CommonOptions, withSession } from '../session.ts';
import { paint, printable, type Terminal } from '../terminal.ts';

interface TailOptions extends CommonOptions {
  readonly type?: string;
  readonly job?: string;
  readonly jobType?: string;
  readonly tenant?: string;
  readonly last: number;
  readonly since?: number;
  readonly follow?: boolean;
}

const HOUR_MS = 3_600_000;
const USUAL_LAST = 20;
/** The longest type, so that what follows stands in a column. */
const TYPE_CELLS = Math.max(...JOB_EVENT_TYPES.map(({ length }) => length));

const COLOURS: Readonly<Record<string, 'green' | 'yellow' | 'red' | 'cyan' | 'gray'>> = {
  'job.completed': 'green',
  'job.failed': 'yellow',
  'job.retried': 'yellow',
  'job.suspended': 'yellow',
  'job.sent_to_dlq': 'red',
  'job.replayed': 'cyan',
  'job.progress': 'gray',
};

const iso = (ms: number): string => new Date(ms).toISOString();

/** What there is to say of a step besides whose it is. */
const detailsOf = (event: JobEvent): readonly string[] => {
  const { attempt, maxAttempts, runMs, queueWaitMs, reason, errorCode, errorMessage, dueAt } = event;
  const percent = event.metrics['percent'];
  return [
    ...(attempt > 0 ? [`attempt ${attempt} of ${maxAttempts}`] : []),
    ...(queueWaitMs === null ? [] : [`waited ${queueWaitMs} ms`]),
    ...(runMs === null ? [] : [`ran ${runMs} ms`]),
    ...(percent === undefined ? [] : [`${percent} %`]),
    ...(reason === null ? [] : [reason]),
    ...(errorCode === null ? [] : [[errorCode, errorMessage ?? ''].filter(Boolean).join(': ')]),
    ...(dueAt === null ? [] : [`due ${iso(dueAt)}`]),
  ];
};

/** An event on one line. */
const lineOf = (terminal: Terminal, event: JobEvent): string => {
  const colour = COLOURS[event.type];
  const type = event.type.padEnd(TYPE_CELLS);
  return [
    paint(terminal, 'gray', iso(event.time)),
    colour === undefined ? type : paint(terminal, colour, type),
    printable(`${event.jobType} ${event.jobId} ${event.tenantId}`),
    ...detailsOf(event).map(printable),
  ].join('  ');
};

const tail = (context: CommandContext, options: TailOptions): Promise<void> =>
  withSession(context, options, async ({ app, backend }) => {
    const { terminal } = context;
    const { type, job, jobType, tenant, last, follow = false, json = false } = options;
    const stop = follow ? context.listenForStop() : undefined;
    const stopped = new AbortController();
    void stop?.asked.then(() => stopped.abort());
    try {
      const found = tailTelemetry(
        { app, backend },
        {
          ...{ last, sinceMs: options.since ?? Date.now() - HOUR_MS },
          ...(type === undefined ? {} : { type }),
          ...(job === undefined ? {} : { jobId: job }),
          ...(jobType === undefined ? {} : { jobType }),
          ...(tenant === undefined ? {} : { tenant }),
          ...(follow ? { follow: stopped.signal } : {}),
        },
      );
      for await (const events of found) {
        for (const event of events) terminal.out(json ? JSON.stringify(event) : lineOf(terminal, event));
        await terminal.drained?.();
      }
    } finally {
      stop?.ignore();
    }
  });

/** `esteira telemetry tail`. */
export const addTelemetryTail = (telemetry: Command, context: CommandContext, finish: Finish): void => {
  telemetry
    .command('tail')
    .description('show the newest steps of jobs, and go on with --follow; from the topic itself')
    .option('--follow', 'go on with what comes, until you stop it')
    .option('--last <count>', 'how many that are there already', parseCount, USUAL_LAST)
    .option('--since <time>', 'how far to look back for them (default: 1h)', parseTime)
    .option('--type <type>', 'only events of this type, such as job.failed', oneOf(JOB_EVENT_TYPES))
    .option('--job <id>', 'only this job')
    .option('--job-type <type>', 'only jobs of this type')
    .option('--tenant <id>', 'only jobs of this tenant')
    .option('--json', 'a JSON object a line')
    .action(async (_, self: Command) => {
      await tail(context, self.optsWithGlobals<TailOptions>());
      finish(EXIT.done);
    });
};
