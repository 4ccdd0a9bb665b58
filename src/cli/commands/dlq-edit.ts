import { type Command, InvalidArgumentError } from 'commander';
import { EsteiraError } from '../../core/errors.ts';
import type { RecordPosition } from '../../core/record.ts';
import { editLetter, type PayloadChange } from '../../runtime/letters/index.ts';
import { parsePositionArgument } from '../arguments.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { editText } from '../letters-view.ts';
import { addOperatingOptions, type OperatingOptions } from '../operating.ts';
import { readPayload } from '../payload-argument.ts';
import { renderJson } from '../table.ts';
import { replaying } from './replay-session.ts';

interface SetOption {
  readonly path: string;
  readonly value: string;
}

interface EditOptions extends OperatingOptions {
  readonly payload?: string;
  readonly set?: readonly SetOption[];
}

/** `lines[0].amount=12`, as often as needed. */
const collectSets = (text: string, before: readonly SetOption[] | undefined): readonly SetOption[] => {
  const at = text.indexOf('=');
  if (at < 1)
    throw new InvalidArgumentError('Give path=value, such as customer.name=Ana or lines[0].amount=12.');
  return [...(before ?? []), { path: text.slice(0, at), value: text.slice(at + 1) }];
};

const changeOf = async (
  { terminal }: CommandContext,
  { payload, set = [] }: EditOptions,
): Promise<PayloadChange> => {
  if ((payload === undefined) === (set.length === 0))
    throw new EsteiraError(
      'ESTEIRA_USAGE',
      'say what to change: either the whole with --payload, or parts of it with --set path=value, as often as needed',
    );
  return payload === undefined ? { sets: set } : { payload: await readPayload(terminal, payload) };
};

const edit = async (
  context: CommandContext,
  position: RecordPosition,
  options: EditOptions,
): Promise<ExitCode> => {
  const change = await changeOf(context, options);
  return replaying(context, options, 'operator', 'edit a dead letter', async (parts) => {
    const { terminal } = context;
    const { reason, run = false } = options;
    const result = await editLetter(parts, { position, change, reason, run });
    terminal.out(options.json === true ? renderJson(result) : editText(terminal, result));
    return !run || result.replay?.outcome === 'replayed' ? EXIT.done : EXIT.failed;
  });
};

/** `esteira dlq edit`. */
export const addLetterEdit = (dlq: Command, context: CommandContext, finish: Finish): void => {
  addOperatingOptions(dlq.command('edit'))
    .description('replay one dead letter with another payload; a dry run unless --run is given')
    .argument('<position>', 'topic/partition/offset', parsePositionArgument)
    .option('--payload <json>', 'the whole payload: JSON, @file, or - for standard input')
    .option('--set <path=value>', 'one place of it; as often as needed', collectSets)
    .action(async (position: RecordPosition, _, self: Command) =>
      finish(await edit(context, position, self.optsWithGlobals<EditOptions>())),
    );
};
