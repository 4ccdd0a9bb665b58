import type { Command, Option } from 'commander';
import type { ManualPage } from './page.ts';
import { manual } from './pages.ts';

/** An argument or option, and what it means. */
export interface Term {
  readonly term: string;
  readonly says: string;
}

/** Everything there is to say about a command: from its definition, and from the manual. */
export interface CommandPage {
  /** `esteira topics plan`. */
  readonly name: string;
  /** The same without `esteira`; empty for `esteira` itself. */
  readonly path: string;
  readonly summary: string;
  readonly synopsis: string;
  readonly arguments: readonly Term[];
  readonly options: readonly Term[];
  /** The commands of a group. */
  readonly commands: readonly Term[];
  readonly page: ManualPage | undefined;
}

const pathOf = (command: Command): string =>
  command.parent === null ? '' : [pathOf(command.parent), command.name()].join(' ').trim();

const argumentTerms = (command: Command): readonly Term[] =>
  command.registeredArguments.map((one) => {
    const name = `${one.name()}${one.variadic ? '...' : ''}`;
    return { term: one.required ? `<${name}>` : `[${name}]`, says: one.description };
  });

/** What an option means, with its choices and default, and whether it must be given. */
export const optionSays = (option: Option): string => {
  const choices = option.argChoices === undefined ? '' : ` (${option.argChoices.join(', ')})`;
  const isTold = option.description.includes('default');
  const value: unknown = option.defaultValue;
  const shown = Array.isArray(value) ? value.join(',') : value;
  const fallback =
    isTold || shown === undefined || typeof shown === 'boolean' ? '' : ` (default: ${String(shown)})`;
  return `${option.description}${choices}${fallback}${option.mandatory ? '; required' : ''}`;
};

const shown = (command: Command): readonly Option[] => command.options.filter(({ hidden }) => !hidden);

const optionTerms = (command: Command): readonly Term[] =>
  shown(command).map((option) => ({ term: option.flags, says: optionSays(option) }));

const commandTerms = (command: Command): readonly Term[] =>
  command.commands.map((one) => ({ term: one.name(), says: one.description() }));

const synopsisOf = (command: Command, name: string): string => {
  if (command.commands.length > 0) return `${name} <command>`;
  const needed = shown(command)
    .filter(({ mandatory }) => mandatory)
    .map(({ flags }) => flags);
  const more = shown(command).length > needed.length ? ['[options]'] : [];
  return [name, ...argumentTerms(command).map(({ term }) => term), ...needed, ...more].join(' ');
};

/** The page of one command. */
export const pageOf = (command: Command): CommandPage => {
  const path = pathOf(command);
  const name = `esteira ${path}`.trim();
  return {
    ...{ name, path, summary: command.description(), synopsis: synopsisOf(command, name) },
    arguments: argumentTerms(command),
    options: optionTerms(command),
    commands: commandTerms(command),
    page: manual[path],
  };
};

/** The pages of a command and of all below it, in the order they were defined. */
export const pagesBelow = (command: Command): readonly CommandPage[] => [
  pageOf(command),
  ...command.commands.flatMap(pagesBelow),
];

const MOST_EXAMPLES = 3;

/** Two or three examples: its own, or, for a group, one of each of its commands. */
export const examplesOf = (command: Command): NonNullable<ManualPage>['examples'] => {
  const own = pageOf(command).page?.examples ?? [];
  if (own.length > 0) return own;
  return command.commands.flatMap((one) => examplesOf(one).slice(0, 1)).slice(0, MOST_EXAMPLES);
};
