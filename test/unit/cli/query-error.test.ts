import { expect, it } from 'vitest';
import { printError } from '../../../src/cli/print-error.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';
import { isEsteiraError } from '../../../src/core/errors.ts';
import { ask } from '../../support/analytics/ask.ts';
import { storeOf } from '../../support/analytics/made-up-store.ts';

/** What a person sees of a query that fails. */
const printed = async (sql: string): Promise<string> => {
  const store = await storeOf([]);
  const lines: string[] = [];
  const terminal: Terminal = {
    ...{ out: () => undefined, columns: undefined, hasColours: false, cwd: '/', environment: {} },
    ...{ err: (text) => lines.push(text), readInput: async () => '' },
  };
  const error: unknown = await ask(store, sql).catch((thrown: unknown) => thrown);
  expect(isEsteiraError(error)).toBe(true);
  printError(terminal, error, { debug: false, json: false });
  await store.close();
  return lines.join('\n');
};

it.each([
  ['SELEC 1', 'syntax error at or near "SELEC"'],
  ['SELECT nope FROM jobs', 'column "nope" not found'],
  ['FROM nowhere', 'Table with name nowhere does not exist'],
  ["SELECT 'x'::INTEGER", "Could not convert string 'x' to INT32"],
])('what is wrong with %s is said once, with its place', async (sql, says) => {
  const text = await printed(sql);
  expect(text.toLowerCase().split(says.toLowerCase())).toHaveLength(2);
  expect(text).toContain('ESTEIRA_QUERY_INVALID');
});
