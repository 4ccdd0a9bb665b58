import type { Command } from 'commander';
import type { PauseTarget } from '../../core/control-rules.ts';
import { changePause } from '../../runtime/control/index.ts';
import type { CommandContext, Finish } from '../context.ts';
import { tellChanges } from '../control-view.ts';
import type { ExitCode } from '../exit-codes.ts';
import { addOperatingOptions, type OperatingOptions, withOperator } from '../operating.ts';

type Change = 'pause' | 'resume';

interface PauseOptions extends OperatingOptions {
  readonly jobType?: string;
  readonly tenant?: string;
}

const change = (
  context: CommandContext,
  kind: Change,
  target: PauseTarget,
  options: PauseOptions,
): Promise<ExitCode> =>
  withOperator(context, options, 'operator', kind, async (session) => {
    const done = await changePause(session, { ...session.request, change: kind, target });
    return tellChanges(context.terminal, [done], options.json === true);
  });

const SUMMARIES: Readonly<Record<Change, string>> = {
  pause:
    'start nothing more of a queue, a job type, a tenant or an ordering key; a dry run unless --run is given',
  resume: 'let go on what was paused; a dry run unless --run is given',
};

const describe = (kind: Change, what: string): string =>
  kind === 'pause' ? `start nothing more of ${what}` : `let go on ${what}`;

/** `esteira pause|resume queue|type|tenant|key`. */
export const addPauseCommands = (program: Command, context: CommandContext, finish: Finish): void => {
  for (const kind of ['pause', 'resume'] as const) {
    const group = program.command(kind).description(SUMMARIES[kind]);
    const add = (
      what: PauseTarget['what'],
      argument: string,
      words: string,
      targetOf: (name: string, options: PauseOptions) => PauseTarget,
      more: (command: Command) => Command = (command) => command,
    ): void => {
      const command = group.command(what).description(describe(kind, words)).argument(argument);
      addOperatingOptions(more(command)).action(async (name: string, _, self: Command) => {
        const options = self.optsWithGlobals<PauseOptions>();
        finish(await change(context, kind, targetOf(name, options), options));
      });
    };
    add('queue', '<queue>', 'a queue', (queue) => ({ what: 'queue', queue }));
    add('type', '<type>', 'a job type', (jobType) => ({ what: 'type', jobType }));
    add(
      ...(['tenant', '<id>', 'a tenant'] as const),
      (tenant, { jobType }) => ({ what: 'tenant', tenant, ...(jobType === undefined ? {} : { jobType }) }),
      (command) => command.option('--job-type <type>', 'only in this job type; default in all'),
    );
    add(
      ...(['key', '<key>', 'an ordering key'] as const),
      (key, { jobType = '', tenant = '' }) => ({ what: 'key', key, jobType, tenant }),
      (command) =>
        command
          .requiredOption('--job-type <type>', 'in which job type')
          .requiredOption('--tenant <id>', 'whose key it is'),
    );
  }
};
