import { hostname } from 'node:os';
import type { Command } from 'commander';
import {
  type DeadLetterFilter,
  listDeadLetters,
  type ReplayResult,
  replayDeadLetters,
  showDeadLetter,
} from '../../consumers/dead-letters/index.ts';
import { systemClock } from '../../core/clock.ts';
import type { RecordPosition } from '../../core/record.ts';
import { openReplayWriter } from '../../runtime/replay-writer.ts';
import { collectPositions, parseCount, parsePositionArgument, parseTime } from '../arguments.ts';
import type { CommandContext, Finish } from '../context.ts';
import { letterTable, letterText, replayTable } from '../dlq-view.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { type CommonOptions, type Session, withSession } from '../session.ts';
import { renderJson } from '../table.ts';

interface FilterOptions extends CommonOptions {
  readonly jobType?: string;
  readonly deadReason?: string;
  readonly errorCode?: string;
  readonly fingerprint?: string;
  readonly tenant?: string;
  readonly jobId?: string;
  readonly eventId?: string;
  readonly since?: number;
  readonly until?: number;
  readonly limit?: number;
}

interface ShowOptions extends CommonOptions {
  readonly raw?: boolean;
}

interface ReplayOptions extends FilterOptions {
  readonly actor: string;
  readonly reason: string;
  readonly run?: boolean;
}

/** The options that say which dead letters are meant. */
const withFilter = (command: Command): Command =>
  command
    .option('--job-type <type>', 'only of this job type')
    .option('--dead-reason <reason>', 'only those that died for this reason, such as attempts_exhausted')
    .option('--error-code <code>', 'only with this error')
    .option('--fingerprint <text>', 'only with errors of this cause')
    .option('--tenant <id>', 'only of this tenant')
    .option('--job-id <id>', 'only this job')
    .option('--event-id <id>', 'only from this event')
    .option('--since <time>', 'only dead since then: a time, or how long ago such as 2h', parseTime)
    .option('--until <time>', 'only dead before then', parseTime)
    .option('--json', 'for programs');

const filterOf = (options: FilterOptions): DeadLetterFilter => {
  const { deadReason, errorCode, fingerprint, tenant, jobId, eventId, since, until } = options;
  const conditions = {
    reason: deadReason,
    errorCode,
    fingerprint,
    tenant,
    jobId,
    eventId,
    sinceMs: since,
    untilMs: until,
  };
  return Object.fromEntries(Object.entries(conditions).filter(([, value]) => value !== undefined));
};

const selected = ({ jobType, limit }: FilterOptions) => ({
  ...(jobType === undefined ? {} : { jobType }),
  ...(limit === undefined ? {} : { limit }),
});

const list = (context: CommandContext, options: FilterOptions): Promise<void> =>
  withSession(context, options, async ({ app, backend }) => {
    const { terminal } = context;
    const { admin } = backend.broker;
    const found = await listDeadLetters({ app, admin, filter: filterOf(options), ...selected(options) });
    if (options.json === true) return terminal.out(renderJson(found));
    if (found.letters.length > 0) terminal.out(letterTable(terminal, found.letters));
    const shown = found.letters.length < found.matched ? `, the newest ${found.letters.length} shown` : '';
    const what = found.matched === 1 ? 'dead letter' : 'dead letters';
    terminal.out(`${found.matched} ${what} of ${found.read} read${shown}.`);
  });

const show = (context: CommandContext, position: RecordPosition, options: ShowOptions): Promise<void> =>
  withSession(context, options, async ({ app, backend }) => {
    const { terminal } = context;
    const { serde, broker } = backend;
    const shown = await showDeadLetter({
      app,
      admin: broker.admin,
      serde,
      position,
      raw: options.raw ?? false,
    });
    terminal.out(options.json === true ? renderJson(shown) : letterText(terminal, shown));
  });

/** A replay is done when everything meant was replayed; what a guard refused, and what failed, shows in the exit code. */
const exitOf = ({ replayId, items }: ReplayResult): ExitCode => {
  if (replayId === null) return EXIT.done;
  if (items.some(({ outcome }) => outcome !== 'replayed' && outcome !== 'refused')) return EXIT.failed;
  return items.some(({ outcome }) => outcome === 'refused') ? EXIT.refused : EXIT.done;
};

const closingLine = ({ replayId, items, matched }: ReplayResult): string => {
  const counts = new Map<string, number>();
  for (const { outcome } of items) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const told = [...counts].map(([outcome, count]) => `${count} ${outcome.replaceAll('_', ' ')}`).join(', ');
  const more = matched > items.length ? `; ${matched - items.length} more are meant: raise --limit` : '';
  const summary = `${told === '' ? 'No dead letter is meant' : told}${more}.`;
  return replayId === null
    ? `${summary} Nothing was written: add --run to do it.`
    : `${summary} Replay ${replayId} is in the audit.`;
};

const partsOf = ({ app, config, backend, log }: Session) => ({
  app,
  admin: backend.broker.admin,
  clock: systemClock,
  identity: { service: config.serviceName ?? app.name, host: hostname() },
  connectWriter: () => openReplayWriter(app, backend, log),
});

const replay = (
  context: CommandContext,
  positions: readonly RecordPosition[],
  options: ReplayOptions,
): Promise<ExitCode> =>
  withSession(context, options, async (session) => {
    const { terminal } = context;
    const { actor, reason, run = false } = options;
    const selection = { positions, filter: filterOf(options), ...selected(options) };
    const result = await replayDeadLetters(partsOf(session), { selection, actor, reason, run });
    if (options.json === true) terminal.out(renderJson(result));
    else {
      if (result.items.length > 0) terminal.out(replayTable(terminal, result.items));
      terminal.out(closingLine(result));
    }
    return exitOf(result);
  });

/** `esteira dlq list|show|replay`. */
export const addDlqCommands = (program: Command, context: CommandContext, finish: Finish): void => {
  const dlq = program.command('dlq').description('dead letters: what could not run, and running it again');
  withFilter(dlq.command('list'))
    .description('list dead letters, newest first')
    .option('--limit <count>', 'how many to show (default: 50)', parseCount)
    .action(async (_, command: Command) => {
      await list(context, command.optsWithGlobals<FilterOptions>());
      finish(EXIT.done);
    });
  dlq
    .command('show')
    .description('show one dead letter with its payload, redacted')
    .argument('<position>', 'topic/partition/offset', parsePositionArgument)
    .option('--raw', 'also the bytes as they are; they may hold personal data and secrets')
    .option('--json', 'for programs')
    .action(async (position: RecordPosition, _, command: Command) => {
      await show(context, position, command.optsWithGlobals<ShowOptions>());
      finish(EXIT.done);
    });
  withFilter(dlq.command('replay'))
    .description('put dead letters back on the inbox of their job type; a dry run unless --run is given')
    .argument('[positions...]', 'topic/partition/offset, in place of conditions', collectPositions)
    .requiredOption('--actor <who>', 'who decides; goes into the audit')
    .requiredOption('--reason <why>', 'why; goes into the audit')
    .option('--limit <count>', 'the most to replay, oldest first (default: 100)', parseCount)
    .option('--run', 'really do it')
    .action(async (positions: readonly RecordPosition[] | undefined, _, command: Command) =>
      finish(await replay(context, positions ?? [], command.optsWithGlobals<ReplayOptions>())),
    );
};
