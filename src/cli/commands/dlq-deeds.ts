import type { Command } from 'commander';
import type { RecordPosition } from '../../core/record.ts';
import { approveDeed, type DeedResult, doToLetters, type LetterDeed } from '../../runtime/letters/index.ts';
import { collectPositions } from '../arguments.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { type LetterFilterOptions, letterFilterOf, withLetterFilter } from '../letter-filter.ts';
import { deedText } from '../letters-view.ts';
import { addOperatingOptions, type OperatingOptions } from '../operating.ts';
import { renderJson } from '../table.ts';
import { replaying } from './replay-session.ts';

interface DeedOptions extends OperatingOptions, LetterFilterOptions {}

/** For programs: without what only the order state needs. */
const shown = ({ keys, ...result }: DeedResult) => ({
  ...result,
  keys: keys.map(({ id: _, ...key }) => key),
});

/** What was only asked for, or could not be done to anything, is not done. */
const exitOf = ({ outcome, letters }: DeedResult): ExitCode => {
  if (outcome === 'asked') return EXIT.refused;
  return outcome === 'nothing' && letters === 0 ? EXIT.failed : EXIT.done;
};

const print = ({ terminal }: CommandContext, options: OperatingOptions, result: DeedResult): ExitCode => {
  terminal.out(options.json === true ? renderJson(shown(result)) : deedText(result));
  return exitOf(result);
};

const doIt = (
  context: CommandContext,
  deed: LetterDeed,
  positions: readonly RecordPosition[],
  options: DeedOptions,
): Promise<ExitCode> =>
  replaying(context, options, 'operator', `${deed} dead letters`, async (parts) => {
    const { reason, run = false } = options;
    const { jobType, filter } = letterFilterOf(options);
    const named = jobType === undefined ? {} : { jobType };
    const selection = { positions, filter, ...named };
    return print(context, options, await doToLetters(parts, { deed, selection, reason, run }));
  });

const SAYS: Readonly<Record<LetterDeed, string>> = {
  discard: 'give dead letters up: they stay, are listed no more, and no replay takes them',
  restore: 'take a discard back: what was discarded is open again',
};

/** `esteira dlq discard|restore|approve`. */
export const addLetterDeeds = (dlq: Command, context: CommandContext, finish: Finish): void => {
  for (const deed of ['discard', 'restore'] as const)
    addOperatingOptions(withLetterFilter(dlq.command(deed)))
      .description(`${SAYS[deed]}; a dry run unless --run is given`)
      .argument('[positions...]', 'topic/partition/offset, in place of conditions', collectPositions)
      .action(async (positions: readonly RecordPosition[] | undefined, _, self: Command) =>
        finish(await doIt(context, deed, positions ?? [], self.optsWithGlobals<DeedOptions>())),
      );
  addOperatingOptions(dlq.command('approve'))
    .description('carry out, as a second person, a large discard that another has asked for')
    .argument('<id>', 'the id it was asked for with, or the beginning of it')
    .action(async (deedId: string, _, self: Command) => {
      const options = self.optsWithGlobals<OperatingOptions>();
      const { reason, run = false } = options;
      const what = 'approve a discard';
      finish(
        await replaying(context, options, 'approver', what, async (parts) =>
          print(context, options, await approveDeed(parts, { deedId, reason, run })),
        ),
      );
    });
};
