import type { Command } from 'commander';
import { z } from 'zod';
import { type CommandPage, examplesOf, pagesBelow, type Term } from './command-page.ts';
import { exitTerms, jsonSays } from './page-text.ts';

/** Everything above this line of the reference is written by hand. */
export const GENERATED_FROM_HERE =
  '<!-- What follows is made from the commands by `npm run docs`; change src/cli/manual. -->';

const SCHEMA_FOLDER = 'json';

/** `dlq list` in a file name. */
const fileName = (path: string): string => `${path.replaceAll(' ', '-')}.schema.json`;

const sentence = (text: string): string => {
  const whole = /[.!?]$/.test(text) ? text : `${text}.`;
  return whole.charAt(0).toUpperCase() + whole.slice(1);
};

const cell = (text: string): string => text.replaceAll('|', '\\|');

const table = (heads: readonly [string, string], terms: readonly Term[]): readonly string[] =>
  terms.length === 0
    ? []
    : [
        [
          `| ${heads[0]} | ${heads[1]} |`,
          '|---|---|',
          ...terms.map(({ term, says }) => `| \`${cell(term)}\` | ${cell(sentence(says))} |`),
        ].join('\n'),
      ];

const examples = (command: Command): readonly string[] => {
  const lines = examplesOf(command).flatMap(({ run, says }) => [`# ${says}`, run]);
  return lines.length === 0 ? [] : [['```sh', ...lines, '```'].join('\n')];
};

const exits = (page: CommandPage): readonly string[] =>
  exitTerms(page).map(({ term, says }) => `Ends with ${term}: ${says}.`);

const json = (page: CommandPage): readonly string[] => {
  const says = jsonSays(page);
  return says === undefined
    ? []
    : [`With \`--json\`: ${says} [Schema](${SCHEMA_FOLDER}/${fileName(page.path)}).`];
};

const chapter = (command: Command): string => {
  const [page] = pagesBelow(command);
  if (page === undefined) return '';
  return [
    `## ${page.name}`,
    sentence(page.summary),
    ['```', page.synopsis, '```'].join('\n'),
    ...(page.page?.about ?? []),
    ...table(['argument', 'meaning'], page.arguments),
    ...table(['option', 'meaning'], page.options),
    ...(exits(page).length === 0 ? [] : [exits(page).join(' ')]),
    ...json(page),
    ...examples(command),
  ].join('\n\n');
};

const leaves = (command: Command): readonly Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);

/** The generated part of the reference: a chapter for `esteira` and for each command that does something. */
export const renderReference = (program: Command): string =>
  [chapter(program), ...leaves(program).map(chapter)].join('\n\n');

/** The range of safe integers says nothing about a field. */
const plainIntegers = ({
  jsonSchema,
}: {
  readonly jsonSchema: { minimum?: number; maximum?: number };
}): void => {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
};

/** JSON Schemas of what commands print with `--json`, by file name. They name what is there; more may come. */
export const renderSchemas = (program: Command): ReadonlyMap<string, string> =>
  new Map(
    pagesBelow(program).flatMap(({ name, path, page }) => {
      if (page?.json === undefined) return [];
      const { $schema, ...shape } = z.toJSONSchema(page.json, { io: 'input', override: plainIntegers });
      const schema = { $schema, title: `${name} --json`, ...shape };
      return [[fileName(path), `${JSON.stringify(schema, null, 2)}\n`] as const];
    }),
  );
