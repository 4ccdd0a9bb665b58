import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Backoff, delayBefore, resolveRetryPolicy } from '../../../src/core/retry-policy.ts';

describe('a retry policy', () => {
  it('is three attempts, one and five minutes apart, when nothing is said', () => {
    expect(resolveRetryPolicy()).toEqual({ attempts: 3, delaysMs: [60_000, 300_000] });
  });

  it('grows by five up to 15 minutes when only attempts are said', () => {
    expect(resolveRetryPolicy({ attempts: 5 }).delaysMs).toEqual([60_000, 300_000, 900_000, 900_000]);
  });

  it('waits the same each time when one wait is given', () => {
    expect(resolveRetryPolicy({ attempts: 4, backoff: '30s' }).delaysMs).toEqual([30_000, 30_000, 30_000]);
  });

  it('takes a list in its order and repeats the last', () => {
    const policy = resolveRetryPolicy({ attempts: 5, backoff: ['60s', '300s', '900s'] });
    expect(policy.delaysMs).toEqual([60_000, 300_000, 900_000, 900_000]);
  });

  it('accepts more waits than it needs', () => {
    expect(resolveRetryPolicy({ attempts: 2, backoff: ['1s', '2s', '3s'] }).delaysMs).toEqual([1_000]);
  });

  it('has no wait when there is only one attempt', () => {
    expect(resolveRetryPolicy({ attempts: 1, backoff: '30s' }).delaysMs).toEqual([]);
  });

  it('says the wait before each attempt, none before the first and none after the last', () => {
    const policy = resolveRetryPolicy({ attempts: 3, backoff: ['1s', '2s'] });
    expect([1, 2, 3, 4].map((attempt) => delayBefore(policy, attempt))).toEqual([
      undefined,
      1_000,
      2_000,
      undefined,
    ]);
  });

  // A growth without a first wait was 0 x infinity after 441 attempts: NaN, which no tier can hold.
  it('waits a whole number of ms, never below 0, exactly attempts - 1 times', () => {
    const wait = fc.nat(100_000_000);
    const backoff: fc.Arbitrary<Backoff> = fc.oneof(
      wait,
      fc.array(wait, { minLength: 1, maxLength: 20 }),
      fc.record({ initial: wait, max: wait, factor: fc.double({ min: 0.001, max: 1_000, noNaN: true }) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), backoff, (attempts, given) => {
        const { delaysMs } = resolveRetryPolicy({ attempts, backoff: given });
        expect(delaysMs).toHaveLength(attempts - 1);
        expect(delaysMs.every((delayMs) => Number.isSafeInteger(delayMs) && delayMs >= 0)).toBe(true);
      }),
      { examples: [[1_000, { initial: 0, factor: 5, max: '1s' }]] },
    );
  });
});

describe('a retry policy that cannot work', () => {
  it.each([
    ['no attempts', { attempts: 0 }, /retry\.attempts is 0: give a whole number from 1/],
    ['half an attempt', { attempts: 1.5 }, /retry\.attempts is 1\.5/],
    ['attempts without end', { attempts: 1_001 }, /retry\.attempts is 1001: .* to 1000/],
    ['an empty list', { backoff: [] }, /retry\.backoff is an empty list/],
    ['a wait that is none', { backoff: ['1s', 'soon'] }, /retry\.backoff\[1\] is "soon"/],
    ['a first wait that is none', { backoff: { initial: 'soon' } }, /retry\.backoff\.initial is "soon"/],
    [
      'a factor that makes waits negative',
      { backoff: { initial: '1s', factor: -2 } },
      /retry\.backoff\.factor is -2/,
    ],
    [
      'a factor that is no number',
      { backoff: { initial: '1s', factor: Number.NaN } },
      /retry\.backoff\.factor is NaN/,
    ],
  ])('%s is refused, naming the option and the job', (_what, retry, message) => {
    // As it comes from a program that is not type-checked.
    const given = retry as Parameters<typeof resolveRetryPolicy>[0];
    expect(() => resolveRetryPolicy(given, 'job x')).toThrow(
      expect.objectContaining({
        code: 'ESTEIRA_DEFINITION_INVALID',
        message: expect.stringMatching(new RegExp(`^job x: ${message.source}`)),
      }),
    );
  });
});
