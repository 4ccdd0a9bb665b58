import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { systemContext } from '../../src/cli/context.ts';
import { createProgram } from '../../src/cli/program.ts';
import { ROOT } from '../support/source-files.ts';

/** Options by command, as `--name <value>`. */
type Options = ReadonlyMap<string, readonly string[]>;

const longForm = (flags: string): string => flags.replace(/^-\w, /, '');

const optionsOf = (command: Command, path: string): [string, readonly string[]][] => {
  const own = command.options.map(({ flags }) => longForm(flags)).sort();
  const below = command.commands.flatMap((one) => optionsOf(one, `${path} ${one.name()}`));
  // A group such as `topics` has no options and does nothing by itself.
  return own.length === 0 ? below : [[path, own], ...below];
};

const documented = (): Options => {
  const page = readFileSync(join(ROOT, 'docs/reference/cli.md'), 'utf8');
  return new Map(
    page
      .split('\n## ')
      .slice(1)
      .map((chapter) => {
        const [title = ''] = chapter.split('\n');
        const options = [...chapter.matchAll(/^\| `(--[^`]+)` \|/gm)].map(([, option = '']) => option);
        return [title, options.sort()] as const;
      }),
  );
};

describe('docs/reference/cli.md', () => {
  const program = createProgram(systemContext(), '0', () => undefined);
  const real: Options = new Map(optionsOf(program, 'esteira'));

  test('has every command, and no other', () => {
    expect([...documented().keys()].sort()).toEqual([...real.keys()].sort());
  });

  test.each([...real])('has the options of %s, and no other', (command, options) => {
    expect(documented().get(command)).toEqual(options);
  });
});
