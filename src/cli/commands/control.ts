import type { Command } from 'commander';
import { cancelJob, controlRules, purgeQueue } from '../../runtime/control/index.ts';
import { parseTime } from '../arguments.ts';
import type { CommandContext, Finish } from '../context.ts';
import { ruleTable, tellChanges } from '../control-view.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { addOperatingOptions, type OperatingOptions, withOperator } from '../operating.ts';
import { type CommonOptions, withSession } from '../session.ts';
import { renderJson } from '../table.ts';

const list = (context: CommandContext, options: CommonOptions): Promise<void> =>
  withSession(context, options, async (session) => {
    const { terminal } = context;
    const { rules } = await controlRules(session);
    if (options.json === true) return terminal.out(renderJson({ rules }));
    if (rules.length > 0) terminal.out(ruleTable(terminal, rules, Date.now()));
    terminal.out(rules.length === 1 ? '1 rule is in force.' : `${rules.length} rules are in force.`);
  });

/** `esteira control list`. */
export const addControlCommands = (program: Command, context: CommandContext, finish: Finish): void => {
  program
    .command('control')
    .description('what operators have ordered and workers obey')
    .command('list')
    .description('list what is in force: since when, by whom, and why')
    .option('--json', 'for programs')
    .action(async (_, command: Command) => {
      await list(context, command.optsWithGlobals<CommonOptions>());
      finish(EXIT.done);
    });
};

interface CancelOptions extends OperatingOptions {
  readonly tenant?: string;
  readonly since?: number;
}

const DAY_MS = 86_400_000;

const cancel = (context: CommandContext, jobId: string, options: CancelOptions): Promise<ExitCode> =>
  withOperator(context, options, 'operator', 'cancel a job', async (session) => {
    const { request } = session;
    const { tenant, since = request.nowMs - DAY_MS } = options;
    const asked = { ...request, jobId, sinceMs: since, ...(tenant === undefined ? {} : { tenant }) };
    return tellChanges(context.terminal, [await cancelJob(session, asked)], options.json === true);
  });

/** `esteira jobs cancel`. */
export const addCancelCommand = (jobs: Command, context: CommandContext, finish: Finish): void => {
  const command = jobs
    .command('cancel')
    .description(
      'end a job before it completes, and say whether that is too late; a dry run unless --run is given',
    )
    .argument('<id>', 'job id')
    .option('--tenant <id>', 'whose job it is: less is read')
    .option('--since <time>', 'how far to look back (default: 24h)', parseTime);
  addOperatingOptions(command).action(async (id: string, _, self: Command) =>
    finish(await cancel(context, id, self.optsWithGlobals<CancelOptions>())),
  );
};

interface PurgeOptions extends OperatingOptions {
  readonly jobType?: string;
}

const purge = (context: CommandContext, queue: string, options: PurgeOptions): Promise<ExitCode> =>
  withOperator(context, options, 'operator', 'purge a queue', async (session) => {
    const { jobType } = options;
    const asked = { ...session.request, queue, ...(jobType === undefined ? {} : { jobType }) };
    return tellChanges(context.terminal, await purgeQueue(session, asked), options.json === true);
  });

/** `esteira queues purge`. */
export const addPurgeCommand = (queues: Command, context: CommandContext, finish: Finish): void => {
  const command = queues
    .command('purge')
    .description(
      'end all jobs of a queue that wait now, without running them; a dry run unless --run is given',
    )
    .argument('<queue>', 'queue')
    .option('--job-type <type>', 'only of this job type; default all of the queue');
  addOperatingOptions(command).action(async (queue: string, _, self: Command) =>
    finish(await purge(context, queue, self.optsWithGlobals<PurgeOptions>())),
  );
};
