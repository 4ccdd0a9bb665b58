import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { systemContext } from '../../src/cli/context.ts';
import { pagesBelow } from '../../src/cli/manual/command-page.ts';
import { manual } from '../../src/cli/manual/pages.ts';
import { GENERATED_FROM_HERE, renderReference, renderSchemas } from '../../src/cli/manual/reference.ts';
import { createProgram } from '../../src/cli/program.ts';
import { wordsOf } from '../support/example-words.ts';
import { ROOT } from '../support/source-files.ts';

const REFERENCE = join(ROOT, 'docs/reference');
const newProgram = (): Command => createProgram(systemContext(), '0', () => undefined, true);
const pages = pagesBelow(newProgram());
const commands = pages.filter(({ commands: below }) => below.length === 0);
const examples = pages.flatMap(({ path, page }) =>
  (page?.examples ?? []).map(({ run, says }) => ({ path, run, says })),
);

/** Parses a command line with commands that do nothing but say that they were meant. */
const meantBy = async (words: readonly string[]): Promise<string> => {
  let meant = '';
  const quiet = (command: Command, path: readonly string[]): void => {
    if (command.commands.length === 0)
      command.action(() => {
        meant = path.join(' ');
      });
    for (const one of command.commands) quiet(one, [...path, one.name()]);
  };
  const program = newProgram();
  quiet(program, []);
  await program.parseAsync([...words], { from: 'user' });
  return meant;
};

describe('docs/reference', () => {
  test('cli.md is as the commands and the manual say; else run `npm run docs`', () => {
    const [, generated] = readFileSync(join(REFERENCE, 'cli.md'), 'utf8').split(GENERATED_FROM_HERE);
    expect(generated?.trim()).toBe(renderReference(newProgram()).trim());
  });

  test('json/ has the schema of each documented result, and no other; else run `npm run docs`', () => {
    const rendered = renderSchemas(newProgram());
    expect(readdirSync(join(REFERENCE, 'json')).sort()).toEqual([...rendered.keys()].sort());
    for (const [name, schema] of rendered)
      expect(readFileSync(join(REFERENCE, 'json', name), 'utf8')).toBe(schema);
  });
});

describe('the manual', () => {
  test('has a page for every command', () => {
    expect(commands.filter(({ page }) => page === undefined).map(({ name }) => name)).toEqual([]);
  });

  test('has no page of a command that is gone', () => {
    const paths = pages.map(({ path }) => path);
    expect(Object.keys(manual).filter((path) => !paths.includes(path))).toEqual([]);
  });

  test.each(commands)('has an example of $name', ({ page }) => {
    expect(page?.examples.length).toBeGreaterThan(0);
  });

  test.each(examples.filter(({ path }) => path !== ''))('tells the truth: $run', async ({ path, run }) => {
    const [program, ...words] = wordsOf(run);
    expect(program).toBe('esteira');
    expect(await meantBy(words)).toBe(path);
  });

  test.each(examples.filter(({ path }) => path === ''))(
    'tells the truth of esteira: $run',
    async ({ run }) => {
      expect(await meantBy(wordsOf(run).slice(1))).not.toBe('');
    },
  );

  test('says of every command with --json what it prints', () => {
    const silent = commands
      .filter(({ options }) => options.some(({ term }) => term === '--json'))
      .filter(({ page }) => page?.json === undefined);
    expect(silent.map(({ name }) => name)).toEqual([]);
  });
});

test('every command line in guides and in the README parses', async () => {
  const files = [
    'README.md',
    ...readdirSync(join(ROOT, 'docs/guides')).map((name) => join('docs/guides', name)),
  ];
  const blocks = files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^(?:\$ )?(?:npx )?(esteira [a-z].*)$/gm)].map(
      ([, line = '']) => ({ file, line: line.replace(/\s+#.*$/, '') }),
    ),
  );
  const wrong: string[] = [];
  for (const { file, line } of blocks.filter((one) => !/[…\\]|\.\.\./.test(one.line)))
    await meantBy(wordsOf(line).slice(1)).catch((error: unknown) =>
      wrong.push(`${file}: ${line}: ${String(error)}`),
    );
  expect(wrong).toEqual([]);
});
