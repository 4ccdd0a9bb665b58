import type { Command } from 'commander';
import { JOB_STATES, type JobRow, listJobs } from '../../runtime/analytics/index.ts';
import { oneOf, parseCount, parseTime } from '../arguments.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { answeredBy, withProjection } from '../projecting.ts';
import type { CommonOptions } from '../session.ts';
import { type Column, renderJson, renderTable } from '../table.ts';

interface ListOptions extends CommonOptions {
  readonly state?: string;
  readonly type?: string;
  readonly tenant?: string;
  readonly queue?: string;
  readonly since?: number;
  readonly limit: number;
}

const USUAL_LIMIT = 50;

const COLUMNS: readonly Column<JobRow>[] = [
  { title: 'LAST', cell: ({ last_at }) => last_at, cuttable: false },
  { title: 'JOB', cell: ({ job_id }) => job_id, cuttable: false },
  { title: 'TYPE', cell: ({ job_type }) => job_type },
  { title: 'TENANT', cell: ({ tenant_id }) => tenant_id },
  { title: 'STATE', cell: ({ state }) => state, cuttable: false },
  { title: 'ATTEMPTS', cell: ({ attempts, max_attempts }) => `${attempts} of ${max_attempts}` },
  { title: 'RAN', cell: ({ run_ms }) => `${run_ms} ms` },
  { title: 'REASON', cell: ({ reason }) => reason },
  { title: 'ERROR', cell: ({ error_code }) => error_code },
  { title: 'DUE', cell: ({ due_at }) => due_at },
];

const list = ({ terminal }: CommandContext, options: ListOptions): Promise<void> =>
  withProjection(terminal, options, async (projection) => {
    const { state, type, tenant, queue, since, limit, json = false } = options;
    const { jobs, isCut } = await listJobs(projection, {
      limit,
      ...(state === undefined ? {} : { state }),
      ...(type === undefined ? {} : { jobType: type }),
      ...(tenant === undefined ? {} : { tenant }),
      ...(queue === undefined ? {} : { queue }),
      ...(since === undefined ? {} : { sinceMs: since }),
    });
    if (json) return terminal.out(renderJson({ by: projection.by, jobs, isCut }));
    terminal.out(jobs.length === 0 ? 'No such jobs.' : renderTable(terminal, COLUMNS, jobs));
    terminal.err(`From ${answeredBy(projection)}.${isCut ? ' There are more: --limit.' : ''}`);
  });

/** `esteira jobs list`. */
export const addJobsList = (jobs: Command, context: CommandContext, finish: Finish): void => {
  jobs
    .command('list')
    .description('list jobs, the newest first; from the projection')
    .option('--state <state>', 'only those in this state', oneOf(JOB_STATES))
    .option('--type <type>', 'only those of this job type')
    .option('--tenant <id>', 'only those of this tenant')
    .option('--queue <name>', 'only those of this queue')
    .option('--since <time>', 'only those that something was told of since then', parseTime)
    .option('--limit <count>', 'jobs at most', parseCount, USUAL_LIMIT)
    .option('--json', 'for programs')
    .action(async (_, self: Command) => {
      await list(context, self.optsWithGlobals<ListOptions>());
      finish(EXIT.done);
    });
};
