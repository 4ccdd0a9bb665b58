import { resolve } from 'node:path';
import type { Command } from 'commander';
import { EsteiraError } from '../../core/errors.ts';
import { exportLetters } from '../../runtime/letters/index.ts';
import type { ReplayParts } from '../../runtime/replay/index.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import {
  type LetterFilterOptions,
  type LetterStateOptions,
  letterFilterOf,
  letterStatesOf,
  withLetterFilter,
  withLetterStates,
} from '../letter-filter.ts';
import { several } from '../letters-view.ts';
import { openLineFile } from '../line-file.ts';
import { lookingAtLetters } from '../looking.ts';
import { openProgress } from '../progress.ts';
import type { CommonOptions } from '../session.ts';
import { replaying } from './replay-session.ts';

interface ExportOptions extends CommonOptions, LetterFilterOptions, LetterStateOptions {
  readonly to?: string;
  readonly unredacted?: boolean;
  readonly reason?: string;
  readonly actor?: string;
}

/** Where lines go. */
interface Sink {
  write(lines: readonly string[]): Promise<void>;
  finish(): Promise<void>;
  abandon(): Promise<void>;
}

/** Who reads may have gone: a closed pipe ends the process, which has nothing to lose. */
const toTerminal = ({ terminal }: CommandContext): Sink => ({
  write: async (lines) => {
    for (const line of lines) terminal.out(line);
    await terminal.drained?.();
  },
  finish: async () => undefined,
  abandon: async () => undefined,
});

const sinkOf = (context: CommandContext, to: string | undefined): Promise<Sink> | Sink =>
  to === undefined || to === '-' ? toTerminal(context) : openLineFile(resolve(context.terminal.cwd, to));

const write = async (
  context: CommandContext,
  parts: ReplayParts,
  options: ExportOptions,
): Promise<ExitCode> => {
  const { terminal } = context;
  const { to, unredacted = false, reason } = options;
  const states = letterStatesOf(options);
  const leave = unredacted ? { unredactedBecause: reason ?? '' } : {};
  const found = exportLetters(parts, { ...letterFilterOf(options), states, ...leave });
  const progress = openProgress(terminal, 'exported');
  const stop = context.listenForStop();
  let isAsked = false;
  void stop.asked.then(() => {
    isAsked = true;
  });
  // What must not be exported is refused before a file is made.
  let part = await found.next();
  const sink = await sinkOf(context, to);
  let letters = 0;
  try {
    for (; part.done !== true && !isAsked; part = await found.next()) {
      await sink.write(part.value.lines.map((line) => JSON.stringify(line)));
      letters += part.value.lines.length;
      progress.advance(letters, `${part.value.read} read`);
    }
    if (isAsked) {
      terminal.err('stopped: nothing was left behind');
      return EXIT.failed;
    }
    await sink.finish();
  } finally {
    progress.end();
    stop.ignore();
    await sink.abandon();
  }
  terminal.err(
    `${several(letters, 'dead letter')} exported${to === undefined || to === '-' ? '' : ` to ${to}`}.`,
  );
  return EXIT.done;
};

const run = (context: CommandContext, options: ExportOptions): Promise<ExitCode> => {
  const { unredacted = false, reason } = options;
  if (!unredacted) return lookingAtLetters(context, options, (parts) => write(context, parts, options));
  if (reason === undefined)
    throw new EsteiraError('ESTEIRA_USAGE', '--unredacted needs a --reason: it goes into the audit');
  return replaying(context, { ...options, reason }, 'approver', 'export dead letters unredacted', (parts) =>
    write(context, parts, options),
  );
};

/** `esteira dlq export`. */
export const addLetterExport = (dlq: Command, context: CommandContext, finish: Finish): void => {
  withLetterStates(withLetterFilter(dlq.command('export')))
    .description('write dead letters as NDJSON, a line each, redacted')
    .option('--to <file>', 'a file, which is written as a whole or not at all (default: standard output)')
    .option('--unredacted', 'with secrets and personal data; needs --reason, and the role approver')
    .option('--reason <why>', 'why unredacted; goes into the audit')
    .option('--actor <who>', 'who decides; goes into the audit (default: who you are)')
    .action(async (_, self: Command) => finish(await run(context, self.optsWithGlobals<ExportOptions>())));
};
