import { type Command, InvalidArgumentError } from 'commander';
import { EsteiraError } from '../../core/errors.ts';
import { type OffsetBounds, planWindow, type WindowBounds } from '../../runtime/window/index.ts';
import { parseDuration, parseTime } from '../arguments.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { OperatingOptions } from '../operating.ts';
import { planText } from '../replay-view.ts';
import { renderJson } from '../table.ts';
import { replaying, withWho } from './replay-session.ts';

interface WindowOptions extends OperatingOptions {
  readonly jobType: string;
  readonly topic?: string;
  readonly from?: number;
  readonly to?: number;
  readonly last?: number;
  readonly fromOffset?: ReadonlyMap<number, bigint>;
  readonly toOffset?: ReadonlyMap<number, bigint>;
  readonly force?: boolean;
}

/** Adds a `partition:offset` to those before it. */
const collectOffsets = (
  text: string,
  before: ReadonlyMap<number, bigint> = new Map(),
): ReadonlyMap<number, bigint> => {
  const [, partition, offset] = /^(\d{1,9}):(\d{1,19})$/.exec(text) ?? [];
  if (partition === undefined || offset === undefined)
    throw new InvalidArgumentError('Give a partition and an offset such as 0:1500.');
  if (before.has(Number(partition)))
    throw new InvalidArgumentError(`Partition ${partition} was given before.`);
  return new Map([...before, [Number(partition), BigInt(offset)]]);
};

const usage = (message: string): EsteiraError => new EsteiraError('ESTEIRA_USAGE', message);

const offsetBounds = ({ fromOffset = new Map(), toOffset = new Map() }: WindowOptions): WindowBounds => {
  const [alone] = [...toOffset.keys()].filter((partition) => !fromOffset.has(partition));
  if (alone !== undefined)
    throw usage(
      `--to-offset names partition ${alone}, and no --from-offset does: say from where, such as ${alone}:0`,
    );
  const offsets = new Map<number, OffsetBounds>();
  for (const [partition, from] of fromOffset) {
    const to = toOffset.get(partition);
    offsets.set(partition, { from, ...(to === undefined ? {} : { to }) });
  }
  return { offsets };
};

/** @throws EsteiraError ESTEIRA_USAGE unless exactly one way of saying it is used */
const boundsOf = (options: WindowOptions): WindowBounds => {
  const { from, to, last, fromOffset, toOffset } = options;
  const byOffset = fromOffset !== undefined || toOffset !== undefined;
  const ways = [from !== undefined || to !== undefined, last !== undefined, byOffset];
  if (ways.filter(Boolean).length !== 1)
    throw usage(
      'say which window: --last 2h, or --from and --to with times, or --from-offset and --to-offset',
    );
  if (byOffset) return offsetBounds(options);
  if (last !== undefined) return { fromMs: Date.now() - last };
  if (from === undefined) throw usage('--to says when the window ends: say with --from when it begins');
  return { fromMs: from, ...(to === undefined ? {} : { toMs: to }) };
};

const plan = (context: CommandContext, options: WindowOptions): Promise<void> => {
  const { terminal } = context;
  const bounds = boundsOf(options);
  return replaying(context, options, 'operator', 'plan a window', async (parts) => {
    const { jobType, topic, force, reason } = options;
    const file = await planWindow(parts, {
      ...{ jobType, bounds, reason },
      ...(topic === undefined ? {} : { topic }),
      ...(force === undefined ? {} : { force }),
    });
    terminal.out(
      options.json === true ? renderJson({ planId: file.planId, ...file.plan }) : planText(terminal, file),
    );
  });
};

/** `esteira window plan`: what comes after it, `esteira replay` does, as with dead letters. */
export const addWindowCommands = (program: Command, context: CommandContext, finish: Finish): void => {
  const window = program
    .command('window')
    .description('run again, for one job type, what an event topic held: a plan for `esteira replay`');
  withWho(window.command('plan'))
    .description('choose a window of an event topic and freeze it; runs nothing')
    .requiredOption('--job-type <type>', 'for this job type, and no other')
    .option('--topic <name>', 'which of its event topics (default: the only one)')
    .option('--from <time>', 'from then on: a time, or how long ago such as 2h', parseTime)
    .option('--to <time>', 'up to then (default: what the topic holds now)', parseTime)
    .option('--last <time>', 'from so long ago up to now, such as 2h', parseDuration)
    .option('--from-offset <partition:offset>', 'from there; once for each partition', collectOffsets)
    .option('--to-offset <partition:offset>', 'up to there (default: its end)', collectOffsets)
    .option('--force', 'also what is done: needs a second person')
    .action(async (_, self: Command) => {
      await plan(context, self.optsWithGlobals<WindowOptions>());
      finish(EXIT.done);
    });
  window.addHelpText(
    'after',
    '\nThe plan is then reviewed, approved, run and looked at with `esteira replay review | approve | run | status | result`.',
  );
};
