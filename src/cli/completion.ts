import type { Command, Option } from 'commander';
import { DEAD_REASONS } from '../core/outcome.ts';
import { LEDGER_OUTCOMES } from '../runtime/replay/index.ts';
import { ALL_ROLES } from '../runtime/worker-pool.ts';

/** A word that may come next, and what it means. */
export interface Word {
  readonly word: string;
  readonly says: string;
}

/** What may be said in one place: `esteira`, a group, or a command. */
export interface Place {
  /** `esteira topics`; the words that lead here, with spaces between. */
  readonly path: string;
  readonly commands: readonly Word[];
  readonly flags: readonly Word[];
}

/** What an option takes behind it. */
export interface Value {
  readonly flag: string;
  /** `none` of what is known here, such as a tenant. */
  readonly kind: 'file' | 'choices' | 'none';
  readonly choices: readonly string[];
}

/** All that completion knows. It asks nothing and loads no app: a key press must not wait for either. */
export interface CompletionTable {
  readonly places: readonly Place[];
  readonly values: readonly Value[];
}

const FILES: ReadonlySet<string> = new Set(['--app', '--project', '--out', '--output', '--file']);

/** Choices that the options themselves do not list, since they take several or are checked elsewhere. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  '--roles': ALL_ROLES,
  '--dead-reason': DEAD_REASONS,
  '--only': [...LEDGER_OUTCOMES, 'completed', 'skipped', 'cancelled', 'dead', 'failing'],
};

const flagOf = (option: Option): string => option.long ?? option.flags;

const shown = (command: Command): readonly Option[] => command.options.filter(({ hidden }) => !hidden);

const word = (text: string, says: string): Word => ({ word: text, says });

const placesBelow = (command: Command, path: string, inherited: readonly Word[]): readonly Place[] => {
  const flags = [...shown(command).map((option) => word(flagOf(option), option.description)), ...inherited];
  const globals = path === 'esteira' ? flags.filter(({ word: flag }) => flag !== '--version') : inherited;
  return [
    {
      path,
      commands: command.commands.map((one) => word(one.name(), one.description())),
      flags: [...flags, word('--help', 'show help')],
    },
    ...command.commands.flatMap((one) => placesBelow(one, `${path} ${one.name()}`, globals)),
  ];
};

const allOptions = (command: Command): readonly Option[] => [
  ...shown(command),
  ...command.commands.flatMap(allOptions),
];

const behind = (option: Option): Value => {
  const flag = flagOf(option);
  const choices = option.argChoices ?? KNOWN[flag] ?? [];
  return { flag, choices, kind: FILES.has(flag) ? 'file' : choices.length > 0 ? 'choices' : 'none' };
};

/** Reads the commands into a table. */
export const completionTable = (program: Command): CompletionTable => {
  const taking = allOptions(program).filter(({ required, optional }) => required || optional);
  return {
    places: placesBelow(program, 'esteira', []),
    values: [...new Map(taking.map((option) => [flagOf(option), behind(option)])).values()],
  };
};
