import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ERROR_CATALOGUE } from '../../src/core/errors.ts';
import { ROOT, sourceFiles } from '../support/source-files.ts';

const page = readFileSync(join(ROOT, 'docs/reference/errors.md'), 'utf8');

/** The rows of the table: code, retryable, meaning, what to do. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );

const documented = rows.map(([code = '']) => code.replaceAll('`', ''));
const catalogue = Object.entries(ERROR_CATALOGUE);

describe('docs/reference/errors.md', () => {
  test('has every code of the catalogue, and no other, in the same order', () => {
    expect(documented).toEqual(catalogue.map(([code]) => code));
  });

  test('says of each code whether it is retryable, what it means and what to do', () => {
    for (const [index, [code, { retryable }]] of catalogue.entries()) {
      const [, again, meaning, advice] = rows[index] ?? [];
      expect([code, again]).toEqual([code, retryable ? 'yes' : 'no']);
      expect([code, meaning !== '' && advice !== '']).toEqual([code, true]);
    }
  });

  test('and the catalogue have every code the source names', () => {
    const named = sourceFiles('src').flatMap(({ path }) => [
      ...readFileSync(join(ROOT, path), 'utf8').matchAll(/\bESTEIRA_[A-Z_]+\b/g),
    ]);
    const variables = ['ESTEIRA_APP', 'ESTEIRA_OPERATORS_FILE', 'ESTEIRA_NAMESPACE', 'ESTEIRA_'];
    const unknown = named
      .map(([code]) => code)
      .filter((code) => !documented.includes(code) && !variables.includes(code));
    expect([...new Set(unknown)]).toEqual([]);
  });
});
