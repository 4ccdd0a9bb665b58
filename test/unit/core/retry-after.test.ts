import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../../src/core/retry-after.ts';

const NOW_MS = Date.parse('2026-10-01T10:00:00Z');
const asked = (fields: object): number | undefined =>
  retryAfterMs(Object.assign(new Error('x'), fields), NOW_MS);

describe('retryAfterMs', () => {
  it.each([
    ['seconds on the error', { retryAfter: 7 }, 7_000],
    [
      'seconds in the headers of a fetch response',
      { response: { headers: new Headers({ 'Retry-After': '30' }) } },
      30_000,
    ],
    ['seconds in plain headers', { headers: { 'retry-after': '2' } }, 2_000],
    ['a date', { headers: { 'retry-after': 'Thu, 01 Oct 2026 10:00:05 GMT' } }, 5_000],
    ['a date that is past', { headers: { 'retry-after': 'Thu, 01 Oct 2026 09:00:00 GMT' } }, 0],
    ['more than a day', { retryAfter: 999_999 }, 86_400_000],
    ['nonsense', { retryAfter: 'soon' }, undefined],
    ['nothing', {}, undefined],
    ['a cause that asks', { cause: { retryAfter: '1' } }, 1_000],
  ])('reads %s', (_what, fields, expected) => {
    expect(asked(fields)).toBe(expected);
  });
});
