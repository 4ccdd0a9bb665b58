import { expect, test } from 'vitest';
import { isGuarded } from '../../../src/core/dead-letter-guard.ts';
import { onInvoice } from '../consumers/bench.ts';

test('every job type has a guard, unless it says that it wants none', () => {
  expect(onInvoice().deadLetterGuard).toEqual({ ratio: 0.5, of: 200, run: 100 });
  expect(onInvoice({ deadLetterGuard: { of: 30 } }).deadLetterGuard).toEqual({ ratio: 0.5, of: 30, run: 30 });
  expect(onInvoice({ deadLetterGuard: false }).deadLetterGuard).toBeUndefined();
});

test.each([
  [{ ratio: 0 }, 'job settle: deadLetterGuard.ratio is 0: give more than 0 and at most 1'],
  [{ of: 1.5 }, 'job settle: deadLetterGuard.of is 1.5: give a whole number from 1'],
  [{ run: 0 }, 'job settle: deadLetterGuard.run is 0: give a whole number from 1'],
  [
    { run: 300 },
    'job settle: deadLetterGuard: run is 300, but only the last 200 decisions are looked at: give a larger of',
  ],
  // A guard switched "off" was taken for the default one, in silence.
  ['off', 'job settle: deadLetterGuard is "off": give { ratio, of, run }, or false for none'],
])('a guard of %j is refused', (deadLetterGuard, problem) => {
  expect(onInvoice({ deadLetterGuard: deadLetterGuard as object }).problems).toContain(problem);
});

// The full run of 20,000 records of a foreign hand waited for ever: the tenant nobody knows was suspended.
test('records of tenants that nobody knows are not counted: they reach no handler', () => {
  expect(isGuarded('tenant_unresolved')).toBe(false);
  expect(isGuarded('undecodable')).toBe(true);
});
