import type { Command } from 'commander';
import { EXIT } from '../exit-codes.ts';
import { paint, type Terminal } from '../terminal.ts';
import { hang, textWidth, wrap } from '../wrap.ts';
import { type CommandPage, examplesOf, pageOf, type Term } from './command-page.ts';
import type { Example, ManualPage } from './page.ts';

const INDENT = '  ';
const WIDEST_TERM = 34;

/** Links are for pages; on a terminal their words are enough. */
const plain = (text: string): string => text.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1');

/** The names of the fields of a JSON result; empty where it is no object. */
const fieldsOf = ({ json }: ManualPage): readonly string[] =>
  json !== undefined && 'shape' in json && typeof json.shape === 'object' && json.shape !== null
    ? Object.keys(json.shape)
    : [];

const termLines = (terms: readonly Term[], width: number): readonly string[] => {
  const widest = Math.min(WIDEST_TERM, Math.max(0, ...terms.map(({ term }) => term.length)));
  const indent = widest + 4;
  return terms.map(({ term, says }) =>
    term.length > widest
      ? `${INDENT}${term}\n${' '.repeat(indent)}${hang(plain(says), indent, width)}`
      : `${INDENT}${term.padEnd(widest)}  ${hang(plain(says), indent, width)}`,
  );
};

const paragraph = (text: string, width: number): string =>
  wrap(plain(text), width - INDENT.length)
    .map((line) => `${INDENT}${line}`)
    .join('\n');

/** Examples as lines: what for, and the command below it. */
export const exampleLines = (examples: readonly Example[]): readonly string[] =>
  examples.flatMap(({ run, says }) => [`${INDENT}# ${says}`, `${INDENT}${run}`]);

/** What the exit codes of a command mean. */
export const exitTerms = ({ page }: CommandPage): readonly Term[] =>
  Object.values(EXIT).flatMap((code) => {
    const says = page?.exits?.[code];
    return says === undefined ? [] : [{ term: String(code), says }];
  });

/** The sentence about `--json`; nothing where the command has no documented result. */
export const jsonSays = ({ page }: CommandPage): string | undefined => {
  if (page?.json === undefined) return undefined;
  return `One JSON value: ${fieldsOf(page)
    .map((field) => `\`${field}\``)
    .join(', ')}.`;
};

/** The manual page of a command for a terminal, as `esteira help COMMAND` prints it. */
export const renderPage = (terminal: Terminal, command: Command): string => {
  const found = pageOf(command);
  const width = textWidth(terminal);
  const chapter = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : [[paint(terminal, 'bold', title), ...lines].join('\n')];
  const json = jsonSays(found);
  return [
    ...chapter('NAME', [
      `${INDENT}${found.name} - ${hang(plain(found.summary), 2, width - found.name.length - 3)}`,
    ]),
    ...chapter('SYNOPSIS', [paragraph(found.synopsis, width)]),
    ...chapter(
      'DESCRIPTION',
      [(found.page?.about ?? []).map((text) => paragraph(text, width)).join('\n\n')].filter(
        (text) => text !== '',
      ),
    ),
    ...chapter('COMMANDS', termLines(found.commands, width)),
    ...chapter('ARGUMENTS', termLines(found.arguments, width)),
    ...chapter('OPTIONS', termLines(found.options, width)),
    ...chapter('EXAMPLES', exampleLines(examplesOf(command))),
    ...chapter('EXIT CODES', termLines(exitTerms(found), width)),
    ...chapter('JSON', json === undefined ? [] : [paragraph(json, width)]),
  ].join('\n\n');
};
