import { type Command, Option } from 'commander';
import { EsteiraError } from '../../core/errors.ts';
import {
  type ChangedKey,
  changeKey,
  type KeyChange,
  listKeys,
  type StuckKey,
  shortName,
  timeWords,
} from '../../runtime/inspection/index.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { addOperatingOptions, type OperatingOptions, withOperator } from '../operating.ts';
import { type CommonOptions, withSession } from '../session.ts';
import { renderJson, renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

interface ChangeOptions extends OperatingOptions {
  readonly tenant: string;
  readonly key: string;
  readonly yes?: boolean;
}

const words = (time: string | null, nowMs: number): string | null =>
  time === null ? null : timeWords(Date.parse(time), nowMs);

const headWords = ({ head }: StuckKey): string | null => {
  if (head === null) return null;
  if (head.dies !== null) return `${head.position}, dies: ${head.dies}`;
  return head.attempt === null ? head.position : `${head.position}, attempt ${head.attempt}`;
};

const keyTable = (terminal: Terminal, keys: readonly StuckKey[], nowMs: number): string =>
  renderTable(
    terminal,
    [
      { title: 'TENANT', cell: ({ tenant }) => shortName(tenant) },
      { title: 'KEY', cell: ({ key }) => shortName(key), cuttable: false },
      { title: 'PARKED', cell: ({ parked }) => parked },
      { title: 'HELD', cell: ({ held }) => (held === null ? null : `${held} dead`) },
      { title: 'HEAD', cell: headWords },
      { title: 'DUE', cell: ({ head }) => words(head?.dueAt ?? null, nowMs) },
      { title: 'ERROR', cell: ({ head }) => head?.error ?? null },
      { title: 'SINCE', cell: ({ since }) => words(since, nowMs) },
    ],
    keys,
  );

/** Names are shown, never at any length. */
const named = (one: StuckKey): StuckKey => ({
  ...one,
  tenant: shortName(one.tenant),
  key: shortName(one.key),
});

const list = (context: CommandContext, jobType: string, options: CommonOptions): Promise<void> =>
  withSession(context, options, async ({ app, backend }) => {
    const { terminal } = context;
    const nowMs = Date.now();
    const { keys, isCut } = await listKeys({ app, backend }, jobType, nowMs);
    if (options.json === true) return terminal.out(renderJson({ keys: keys.map(named), isCut }));
    if (keys.length > 0) terminal.out(keyTable(terminal, keys, nowMs));
    const what = keys.length === 1 ? 'key is' : 'keys are';
    terminal.out(
      `${keys.length} ${what} parked or held${isCut ? ', as far as was looked: there is more to read' : ''}.`,
    );
  });

const exitOf = (changes: readonly ChangedKey[]): ExitCode =>
  changes.some(({ outcome }) => outcome === 'refused') ? EXIT.refused : EXIT.done;

const change = (
  context: CommandContext,
  kind: KeyChange,
  jobType: string,
  options: ChangeOptions,
): Promise<ExitCode> =>
  withOperator(context, options, 'operator', `${kind} a key`, async (session) => {
    const { terminal } = context;
    const { tenant, key } = options;
    const asked = { ...session.request, change: kind, jobType, tenant, key };
    const changes = await changeKey(session, asked);
    if (options.json === true) terminal.out(renderJson({ changes }));
    else {
      for (const { partition, outcome, detail } of changes)
        terminal.out(`${outcome.replaceAll('_', ' ')}  ${partition}  ${detail}`);
      const isDry = changes.some(({ outcome }) => outcome.startsWith('would'));
      if (isDry) terminal.out('Nothing was changed: add --run to do it.');
    }
    return exitOf(changes);
  });

const DESCRIPTIONS: Readonly<Record<KeyChange, string>> = {
  unblock: 'lift the hold of an ordering key, so that what comes next runs; a dry run unless --run is given',
  skip: 'give up the waiting head of an ordering key: it dies, and what is behind it goes on; a dry run unless --run is given',
};

/** What it was called once: taken for `--run` it would be two names for one thing, passed over a dry run nobody wanted. */
const refuseYes = ({ yes = false }: ChangeOptions): void => {
  if (yes)
    throw new EsteiraError('ESTEIRA_USAGE', '--yes is called --run now, as everywhere: nothing was done');
};

/** `esteira keys list|unblock|skip`. */
export const addKeysCommands = (program: Command, context: CommandContext, finish: Finish): void => {
  const keys = program.command('keys').description('ordering keys that are parked or held');
  keys
    .command('list')
    .description('list the ordering keys of a job type that are parked behind a head, or held')
    .argument('<type>', 'job type')
    .option('--json', 'for programs')
    .action(async (type: string, _, command: Command) => {
      await list(context, type, command.optsWithGlobals<CommonOptions>());
      finish(EXIT.done);
    });
  for (const kind of ['unblock', 'skip'] as const) {
    const command = keys
      .command(kind)
      .description(DESCRIPTIONS[kind])
      .argument('<type>', 'job type')
      .requiredOption('--tenant <id>', 'whose key it is')
      .requiredOption('--key <key>', 'the ordering key, as `keys list` shows it')
      .addOption(new Option('--yes').hideHelp());
    addOperatingOptions(command).action(async (type: string, _, self: Command) => {
      const options = self.optsWithGlobals<ChangeOptions>();
      refuseYes(options);
      finish(await change(context, kind, type, options));
    });
  }
};
