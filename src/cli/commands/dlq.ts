import type { Command } from 'commander';
import { listDeadLetters } from '../../consumers/dead-letters/index.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { RecordPosition } from '../../core/record.ts';
import { letterStats, readLetterLedger, showLetter } from '../../runtime/letters/index.ts';
import { type ReplayNowResult, type ReplayParts, replayNow, withReplay } from '../../runtime/replay/index.ts';
import { collectPositions, parseCount, parsePositionArgument } from '../arguments.ts';
import type { CommandContext, Finish } from '../context.ts';
import { letterTable, letterText, replayTable } from '../dlq-view.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import {
  type LetterFilterOptions,
  type LetterStateOptions,
  letterFilterOf,
  letterStatesOf,
  withLetterFilter,
  withLetterStates,
} from '../letter-filter.ts';
import { several, statsText } from '../letters-view.ts';
import { lookingAtLetters } from '../looking.ts';
import { addOperatingOptions, type OperatingOptions, withOperator } from '../operating.ts';
import type { CommonOptions } from '../session.ts';
import { renderJson } from '../table.ts';
import { addLetterDeeds } from './dlq-deeds.ts';
import { addLetterEdit } from './dlq-edit.ts';
import { addLetterExport } from './dlq-export.ts';
import { replaying } from './replay-session.ts';

interface ListOptions extends CommonOptions, LetterFilterOptions, LetterStateOptions {
  readonly limit?: number;
}

interface ShowOptions extends CommonOptions {
  readonly raw?: boolean;
  readonly reason?: string;
  readonly actor?: string;
}

interface ReplayOptions extends OperatingOptions, LetterFilterOptions {
  readonly limit?: number;
}

const limitOf = ({ limit }: { readonly limit?: number }) => (limit === undefined ? {} : { limit });

const list = (context: CommandContext, options: ListOptions): Promise<void> =>
  lookingAtLetters(context, options, async ({ app, backend, control }) => {
    const { terminal } = context;
    const ledger = await readLetterLedger(control);
    const found = await listDeadLetters({
      ...{ app, admin: backend.broker.admin, ...letterFilterOf(options), ...limitOf(options) },
      stateOf: (letter) => ledger.stateOf(letter),
      states: letterStatesOf(options),
    });
    if (options.json === true) return terminal.out(renderJson(found));
    if (found.letters.length > 0) terminal.out(letterTable(terminal, found.letters));
    const { letters, matched, hidden, read } = found;
    const shown = letters.length < matched ? `, the newest ${letters.length} shown` : '';
    const left = hidden === 0 ? '' : `; ${hidden} left out for what became of them (--all, --state)`;
    terminal.out(`${several(matched, 'dead letter')} of ${read} read${shown}${left}.`);
  });

const show = (context: CommandContext, position: RecordPosition, options: ShowOptions): Promise<void> => {
  const { json, raw = false, reason } = options;
  const { terminal } = context;
  const print = async (parts: ReplayParts, because: { readonly rawBecause?: string }): Promise<void> => {
    const shown = await showLetter(parts, { position, ...because });
    terminal.out(json === true ? renderJson(shown) : letterText(terminal, shown));
  };
  if (!raw) return lookingAtLetters(context, options, (parts) => print(parts, {}));
  if (reason === undefined)
    throw new EsteiraError('ESTEIRA_USAGE', '--raw needs a --reason: it goes into the audit');
  return replaying(context, { ...options, reason }, 'approver', 'see the bytes of a dead letter', (parts) =>
    print(parts, { rawBecause: reason }),
  );
};

const stats = (context: CommandContext, options: ListOptions): Promise<void> =>
  lookingAtLetters(context, options, async (parts) => {
    const { terminal } = context;
    const states = letterStatesOf(options.state === undefined && options.all !== true ? OPEN : options);
    const found = await letterStats(parts, { ...letterFilterOf(options), states });
    terminal.out(options.json === true ? renderJson(found) : statsText(terminal, found));
  });

/** What nobody has done anything about. */
const OPEN: LetterStateOptions = { state: ['open', 'shelved'] };

/** A replay is done when everything meant was replayed, or is done; what a guard kept back shows in the exit code. */
const exitOf = ({ items }: ReplayNowResult, isRun: boolean): ExitCode => {
  if (!isRun) return EXIT.done;
  const has = (...outcomes: readonly string[]): boolean =>
    items.some(({ outcome }) => outcomes.includes(outcome));
  if (has('failed', 'unknown', 'gone')) return EXIT.failed;
  return has('refused', 'shelved') ? EXIT.refused : EXIT.done;
};

const closingLine = ({ replayId, items, matched }: ReplayNowResult, isRun: boolean): string => {
  const counts = new Map<string, number>();
  for (const { outcome } of items) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const told = [...counts].map(([outcome, count]) => `${count} ${outcome.replaceAll('_', ' ')}`).join(', ');
  const more = matched > items.length ? `; ${matched - items.length} more are meant: make a plan` : '';
  const summary = `${told === '' ? 'No dead letter is meant' : told}${more}.`;
  if (!isRun) return `${summary} Nothing was written: add --run to do it.`;
  return replayId === null
    ? `${summary} Nothing was written.`
    : `${summary} Replay ${replayId} is in the audit.`;
};

const replay = (
  context: CommandContext,
  positions: readonly RecordPosition[],
  options: ReplayOptions,
): Promise<ExitCode> =>
  withOperator(context, options, 'operator', 'replay dead letters', async (session) => {
    const { terminal } = context;
    const { reason, run, actor } = session.request;
    const selection = { positions, ...letterFilterOf(options), ...limitOf(options) };
    const operator = { ...session.operator, name: actor };
    const result = await withReplay({ ...session, service: session.identity, operator }, (parts) =>
      replayNow(parts, { selection, reason, run }),
    );
    if (options.json === true) terminal.out(renderJson(result));
    else {
      if (result.items.length > 0) terminal.out(replayTable(terminal, result.items));
      terminal.out(closingLine(result, run));
    }
    return exitOf(result, run);
  });

/** `esteira dlq list|stats|show|replay|edit|discard|restore|approve|export`. */
export const addDlqCommands = (program: Command, context: CommandContext, finish: Finish): void => {
  const dlq = program.command('dlq').description('dead letters: what could not run, and running it again');
  withLetterStates(withLetterFilter(dlq.command('list')))
    .description('list dead letters, newest first, and what became of each')
    .option('--limit <count>', 'how many to show (default: 50)', parseCount)
    .option('--json', 'for programs')
    .action(async (_, command: Command) => {
      await list(context, command.optsWithGlobals<ListOptions>());
      finish(EXIT.done);
    });
  withLetterStates(withLetterFilter(dlq.command('stats')))
    .description(
      'count dead letters by job type, reason, error, cause, tenant and age; without those that went back',
    )
    .option('--json', 'for programs')
    .action(async (_, command: Command) => {
      await stats(context, command.optsWithGlobals<ListOptions>());
      finish(EXIT.done);
    });
  dlq
    .command('show')
    .description('show one dead letter with its headers and payload, redacted, and what was done about it')
    .argument('<position>', 'topic/partition/offset', parsePositionArgument)
    .option(
      '--raw',
      'also the bytes as they are, with personal data and secrets; needs --reason, and the role approver',
    )
    .option('--reason <why>', 'why raw; goes into the audit')
    .option('--actor <who>', 'who decides; goes into the audit (default: who you are)')
    .option('--json', 'for programs')
    .action(async (position: RecordPosition, _, command: Command) => {
      await show(context, position, command.optsWithGlobals<ShowOptions>());
      finish(EXIT.done);
    });
  addOperatingOptions(withLetterFilter(dlq.command('replay')))
    .description(
      'put a few dead letters back on the inbox of their job type; a dry run unless --run is given',
    )
    .argument('[positions...]', 'topic/partition/offset, in place of conditions', collectPositions)
    .option(
      '--limit <count>',
      'the most to replay, oldest first (default: 100, which is the most)',
      parseCount,
    )
    .action(async (positions: readonly RecordPosition[] | undefined, _, command: Command) =>
      finish(await replay(context, positions ?? [], command.optsWithGlobals<ReplayOptions>())),
    );
  addLetterEdit(dlq, context, finish);
  addLetterDeeds(dlq, context, finish);
  addLetterExport(dlq, context, finish);
};
