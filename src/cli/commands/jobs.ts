import type { Command } from 'commander';
import { EsteiraError } from '../../core/errors.ts';
import { parseDuration, parsePriority } from '../arguments.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { readPayload } from '../payload-argument.ts';
import { originOf, type ProducingOptions, withProducer } from '../producing.ts';
import { renderJson } from '../table.ts';

interface DispatchCommandOptions extends ProducingOptions {
  readonly delay?: number;
  readonly priority?: number;
}

const timingOf = ({ delay, priority }: DispatchCommandOptions) => ({
  ...(delay === undefined ? {} : { delay }),
  ...(priority === undefined ? {} : { priority }),
});

const dispatch = async (
  context: CommandContext,
  type: string,
  options: DispatchCommandOptions,
): Promise<void> => {
  const { terminal } = context;
  const payload = await readPayload(terminal, options.payload);
  const dispatched = await withProducer(context, options, async (esteira, app) => {
    const job = app.jobs.find((one) => one.type === type || one.className === type);
    if (job !== undefined)
      return esteira.dispatch(job, payload, { ...originOf(options), ...timingOf(options) });
    throw new EsteiraError(
      'ESTEIRA_JOB_TYPE_UNKNOWN',
      `app ${app.name} has no job type ${type}: it has ${app.jobs.map((one) => one.type).join(', ')}`,
      { facts: { jobType: type } },
    );
  });
  if (options.json === true) return terminal.out(renderJson(dispatched));
  const due = dispatched.dueMs === undefined ? '' : `, due ${new Date(dispatched.dueMs).toISOString()}`;
  terminal.out(`dispatched ${dispatched.type} as job ${dispatched.id}${due}`);
};

/** `esteira jobs dispatch`. */
export const addJobsCommands = (program: Command, context: CommandContext, finish: Finish): void => {
  const jobs = program.command('jobs').description('jobs: asking for one');
  jobs
    .command('dispatch')
    .description('ask for a job; its payload is checked before it leaves')
    .argument('<type>', 'job type')
    .requiredOption('--tenant <id>', 'whose job it is')
    .requiredOption('--payload <json>', 'JSON, @file, or - for standard input')
    .option('--id <id>', 'the same id is the same job: give it to repeat safely')
    .option('--delay <time>', 'how long to wait before it may start, such as 10m', parseDuration)
    .option('--priority <number>', '1 (first) to 10', parsePriority)
    .option('--user <id>', 'who sets it off')
    .option('--correlation-id <id>', 'the chain it belongs to')
    .option('--json', 'for programs')
    .action(async (type: string, _, command: Command) => {
      await dispatch(context, type, command.optsWithGlobals<DispatchCommandOptions>());
      finish(EXIT.done);
    });
};
