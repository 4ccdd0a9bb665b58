import { Command, CommanderError } from 'commander';
import { addControlCommands } from './commands/control.ts';
import { addDlqCommands } from './commands/dlq.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEventsCommands } from './commands/events.ts';
import { addJobsCommands } from './commands/jobs.ts';
import { addKeysCommands } from './commands/keys.ts';
import { addLimitsCommands } from './commands/limits.ts';
import { addPauseCommands } from './commands/pause.ts';
import { addQueuesCommands } from './commands/queues.ts';
import { addReplayCommands } from './commands/replay.ts';
import { addSchemasCommands } from './commands/schemas.ts';
import { addStartCommand } from './commands/start.ts';
import { addTopicsCommands } from './commands/topics.ts';
import { type CommandContext, type Finish, systemContext } from './context.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { packageRoot } from './package-root.ts';
import { printError } from './print-error.ts';

/** All commands. */
export const createProgram = (context: CommandContext, version: string, finish: Finish): Command => {
  const { terminal } = context;
  const program = new Command('esteira')
    .description('Kafka-based job pipeline')
    .version(version)
    .option(
      '--app <path>',
      'file that exports the app (default: ESTEIRA_APP, else esteira.config.{ts,js,mjs} in this folder)',
    )
    .option('--debug', 'show stacks of errors, and what the clients log')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    })
    .showSuggestionAfterError();
  if (terminal.columns !== undefined) {
    const { columns } = terminal;
    program.configureOutput({ getOutHelpWidth: () => columns });
  }
  addStartCommand(program, context, finish);
  addTopicsCommands(program, context, finish);
  addSchemasCommands(program, context, finish);
  addDlqCommands(program, context, finish);
  addReplayCommands(program, context, finish);
  addJobsCommands(program, context, finish);
  addQueuesCommands(program, context, finish);
  addKeysCommands(program, context, finish);
  addPauseCommands(program, context, finish);
  addLimitsCommands(program, context, finish);
  addControlCommands(program, context, finish);
  addEventsCommands(program, context, finish);
  addDoctorCommand(program, context, finish);
  return program;
};

/**
 * Runs one command of `esteira`. Never throws: what goes wrong is printed.
 *
 * @returns 0 done, 1 failed, 2 wrong use, 3 refused by a guard.
 */
export const runCli = async (
  args: readonly string[],
  context: CommandContext = systemContext(),
): Promise<ExitCode> => {
  let code: ExitCode = EXIT.done;
  const { version } = await packageRoot();
  const program = createProgram(context, version, (told) => {
    code = told;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongUse;
    const { debug = false } = program.opts<{ debug?: boolean }>();
    printError(context.terminal, error, { debug, json: args.includes('--json') });
    return exitCodeOf(error);
  }
};
