import process from 'node:process';
import { type Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../../config/index.ts';
import { didYouMean } from '../../core/nearest-name.ts';
import { ALL_ROLES, ROLES, type Role } from '../../runtime/worker-pool.ts';
import { redactText } from '../../security/redact.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { loadAppModule } from '../load-app.ts';
import type { CommonOptions } from '../session.ts';

interface StartCommandOptions extends CommonOptions {
  readonly roles: readonly Role[];
  readonly health: boolean;
  readonly queues?: readonly string[];
}

const parseNames = (text: string): readonly string[] => text.split(',').map((name) => name.trim());

const parseRoles = (text: string): readonly Role[] => {
  const names = parseNames(text);
  const roles = ALL_ROLES.filter((role) => names.includes(role));
  if (roles.length === new Set(names).size) return roles;
  const [stranger = ''] = names.filter((name) => !ALL_ROLES.some((role) => role === name));
  throw new InvalidArgumentError(
    `Give one or more of ${ALL_ROLES.join(', ')}, with commas between${didYouMean(stranger, ALL_ROLES) || '.'}`,
  );
};

/**
 * A rejection or an exception that nobody caught: told with its redacted stack, then the process ends in order. A
 * handler's forgotten promise must not cut the other jobs off, nor print what it holds.
 */
const watchStrays = (tell: (line: string) => void, end: () => void): (() => void) => {
  const onStray = (error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    tell(`stray error, the process ends: ${redactText(text, LONGEST_STACK)}`);
    end();
  };
  process.on('unhandledRejection', onStray);
  process.on('uncaughtException', onStray);
  return () => {
    process.off('unhandledRejection', onStray);
    process.off('uncaughtException', onStray);
  };
};

const LONGEST_STACK = 4_096;

/** A promise that is resolved from outside. */
const makeAlarm = () => {
  let raise = (): void => undefined;
  const raised = new Promise<void>((resolve) => {
    raise = resolve;
  });
  return { raised, raise };
};

const runUntil = async (
  context: CommandContext,
  options: StartCommandOptions,
  asked: Promise<void>,
): Promise<ExitCode> => {
  const { terminal } = context;
  const { app, appModule } = await loadAppModule(terminal, options.app);
  const { backend } = loadConfig(terminal.environment);
  const fatal = makeAlarm();
  let failed = false;
  const endFailed = (): void => {
    failed = true;
    fatal.raise();
  };
  const unwatch = watchStrays((line) => terminal.err(line), endFailed);
  const esteira = await context.start(app, {
    environment: terminal.environment,
    appModule,
    roles: options.roles,
    health: options.health,
    ...(options.queues === undefined ? {} : { queues: options.queues }),
    onFatal: endFailed,
  });
  const health = esteira.healthPort === undefined ? '' : `; health and metrics on port ${esteira.healthPort}`;
  terminal.err(`${app.name} is running (${options.roles.join(', ')}, backend ${backend})${health}`);
  await Promise.race([asked, fatal.raised]);
  terminal.err(`${app.name} is stopping`);
  const inTime = await esteira.stop();
  unwatch();
  return inTime && !failed ? EXIT.done : EXIT.failed;
};

const runUntilStopped = async (context: CommandContext, options: StartCommandOptions): Promise<ExitCode> => {
  // From the first moment: a signal during the start ends in an orderly stop.
  const signal = context.listenForStop();
  try {
    return await runUntil(context, options, signal.asked);
  } finally {
    signal.ignore();
  }
};

/** `esteira start`. */
export const addStartCommand = (program: Command, context: CommandContext, finish: Finish): void => {
  program
    .command('start')
    .description('run the jobs of the app until SIGTERM or SIGINT; a second signal ends at once')
    .option('--roles <roles>', `parts to play, of ${ALL_ROLES.join(', ')}`, parseRoles, ROLES)
    .option('--queues <queues>', 'run only the job types of these queues', parseNames)
    .option('--no-health', 'do not serve /health/live, /health/ready and /metrics')
    .action(async (_, command: Command) =>
      finish(await runUntilStopped(context, command.optsWithGlobals<StartCommandOptions>())),
    );
};
