import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../support/source-files.ts';

const pages = (): readonly string[] => [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...['docs', 'schemas', 'examples'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  ),
];

test('every relative link of a page leads somewhere', () => {
  const broken = pages().flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1] ?? '')
      .filter((target) => !/^[a-z]+:/.test(target))
      .map((target) => join(ROOT, dirname(page), target))
      .filter((target) => !existsSync(target))
      .map((target) => `${page} -> ${relative(ROOT, target)}`),
  );
  expect(broken).toEqual([]);
});

test('every command of the README is a script of the package', () => {
  const scripts = Object.keys(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts);
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const used = [...readme.matchAll(/npm run ([a-z:]+)/g)].map((match) => match[1] ?? '');
  expect(used.filter((name) => !scripts.includes(name))).toEqual([]);
});
