import { Command, CommanderError } from 'commander';
import { EsteiraError } from '../core/errors.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addComplianceCommand } from './commands/compliance.ts';
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
import { addTelemetryCommands } from './commands/telemetry.ts';
import { addTopicsCommands } from './commands/topics.ts';
import { addWindowCommands } from './commands/window.ts';
import { type CommandContext, type Finish, systemContext } from './context.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { addHelpCommand, configureHelp, finishHelp } from './help.ts';
import { pageOf } from './manual/command-page.ts';
import { packageRoot } from './package-root.ts';
import { printError } from './print-error.ts';
import { paintError, type Terminal } from './terminal.ts';

/** What adds the commands, in the order help lists them. */
const COMMANDS: readonly ((program: Command, context: CommandContext, finish: Finish) => void)[] = [
  addStartCommand,
  addTopicsCommands,
  addSchemasCommands,
  addDlqCommands,
  addReplayCommands,
  addWindowCommands,
  addJobsCommands,
  addQueuesCommands,
  addKeysCommands,
  addPauseCommands,
  addLimitsCommands,
  addControlCommands,
  addEventsCommands,
  addTelemetryCommands,
  addDoctorCommand,
  addComplianceCommand,
  addCompletionCommand,
  addHelpCommand,
];

/** How commander prints; quiet where what is wrong is told as JSON. */
const outputTo = (terminal: Terminal, isQuiet: boolean) => ({
  writeOut: (text: string) => terminal.out(text.trimEnd()),
  writeErr: (text: string) => (isQuiet ? undefined : terminal.err(text.trimEnd())),
  outputError: (text: string, write: (text: string) => void) =>
    write(text.replace(/^error:/, paintError(terminal, 'red', 'error'))),
  getOutHasColors: () => terminal.hasColours,
  getErrHasColors: () => terminal.hasErrorColours ?? terminal.hasColours,
  ...(terminal.columns === undefined ? {} : { getOutHelpWidth: () => terminal.columns ?? 0 }),
});

/** All commands. With `isQuiet`, what is wrong with the use of one is only thrown. */
export const createProgram = (
  context: CommandContext,
  version: string,
  finish: Finish,
  isQuiet = false,
): Command => {
  const program = new Command('esteira')
    .description('Kafka-based job pipeline')
    .version(version)
    .option(
      '--app <path>',
      'file that exports the app (default: ESTEIRA_APP, else esteira.config.{ts,js,mjs} in this folder)',
    )
    .option('--debug', 'show stacks of errors, and what the clients log')
    .exitOverride()
    .configureOutput(outputTo(context.terminal, isQuiet))
    .showSuggestionAfterError();
  configureHelp(program, context);
  for (const add of COMMANDS) add(program, context, finish);
  finishHelp(program, context);
  // What only looks may end as soon as nobody reads what it says.
  program.hook('preAction', (_, command) => {
    if (pageOf(command).page?.reads === true) context.terminal.endWhenUnread?.();
  });
  return program;
};

/** What was wrong with the use of a command, for programs. */
const usageError = ({ code, message }: CommanderError): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_USAGE',
    code === 'commander.help'
      ? 'which command? See --help'
      : message.replace(/^error: /, '').replace(/\n/g, ' '),
  );

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
  const json = args.includes('--json');
  const { version } = await packageRoot();
  const finish = (told: ExitCode): void => {
    code = told;
  };
  const program = createProgram(context, version, finish, json);
  try {
    // Who says nothing wants to know what there is.
    await program.parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' });
    return code;
  } catch (error) {
    const { debug = false } = program.opts<{ debug?: boolean }>();
    if (!(error instanceof CommanderError)) {
      printError(context.terminal, error, { debug, json });
      return exitCodeOf(error);
    }
    if (error.exitCode === 0) return EXIT.done;
    if (json) printError(context.terminal, usageError(error), { debug, json });
    return EXIT.wrongUse;
  }
};
