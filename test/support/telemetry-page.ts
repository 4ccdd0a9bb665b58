import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './source-files.ts';

/** The page that tells other people what telemetry says. */
const page = readFileSync(join(ROOT, 'docs/reference/telemetry.md'), 'utf8');

/** A chapter or section of the page, by its title, up to the next one. */
const chapter = (title: string): string =>
  page.split(new RegExp(`\n##+ ${title}\n`))[1]?.split(/\n##+ /)[0] ?? '';

/** The rows of a chapter's table, heads included and the line below them left out, cells trimmed. */
export const table = (title: string): readonly (readonly string[])[] =>
  chapter(title)
    .split('\n')
    .filter((line) => line.startsWith('|') && !line.startsWith('|---'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );

/** The words between backquotes. */
export const codesIn = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);

/** What a chapter says beside its table. */
export const textOf = (title: string): string =>
  chapter(title)
    .split('\n')
    .filter((line) => !line.startsWith('|'))
    .join('\n');
