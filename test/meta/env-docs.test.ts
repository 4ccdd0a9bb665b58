import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { VARIABLE_NAMES } from '../../src/config/index.ts';
import { Variables } from '../../src/config/variables.ts';
import { ROOT } from '../support/source-files.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const sorted = (names: readonly string[]): readonly string[] => [...names].sort();

/** Variables in .env.example with what stands behind the equals sign. */
const example = new Map(
  [...read('.env.example').matchAll(/^#?([A-Z][A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]),
);

/** Variables in the reference with their default. */
const reference = new Map(
  [...read('docs/reference/configuration.md').matchAll(/^\| `([A-Z_]+)` \| (?:`([^`]*)`)?/gm)].map(
    ([, name = '', value = '']) => [name, value],
  ),
);

const defaults = Object.entries(Variables.parse({})).map(([name, value]) => [name, String(value)] as const);

describe('the variables', () => {
  test('in .env.example are those the configuration reads, no more and no less', () => {
    expect(sorted([...example.keys()])).toEqual(sorted(VARIABLE_NAMES));
  });

  test('in the reference are those the configuration reads, no more and no less', () => {
    expect(sorted([...reference.keys()])).toEqual(sorted(VARIABLE_NAMES));
  });

  test('have in both the defaults the configuration gives them', () => {
    expect(defaults.length).toBeGreaterThan(0);
    for (const [name, value] of defaults) {
      expect([name, example.get(name), reference.get(name)]).toEqual([name, value, value]);
    }
  });

  test('have no default in the reference that the configuration does not know', () => {
    const known = defaults.map(([name]) => name);
    expect([...reference].filter(([name, value]) => value !== '' && !known.includes(name))).toEqual([]);
  });
});
