import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LocalRate } from '../../../src/consumers/scheduling/local-rate.ts';
import { paceMs, type RateState, resolveStartRate, takeStarts } from '../../../src/core/start-rate.ts';

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'ESTEIRA_DEFINITION_INVALID', message: expect.stringMatching(message) });

describe('a start rate', () => {
  it('has a burst of a tenth of its count, when nothing is said', () => {
    expect(resolveStartRate({ count: 100, per: '1m' }, 'q')).toEqual({
      count: 100,
      perMs: 60_000,
      burst: 10,
    });
    expect(resolveStartRate({ count: 5, per: '1s' }, 'q').burst).toBe(1);
  });

  it.each([
    [{ count: 0, per: '1s' }, /^q\.count is 0/],
    [{ count: 1.5, per: '1s' }, /^q\.count is 1\.5/],
    [{ count: 1, per: 0 }, /^q\.per is 0/],
    [{ count: 1, per: '1s', burst: 2 }, /^q\.burst is 2, above its count of 1/],
    [{ count: 1, per: '1s', burst: 0 }, /^q\.burst is 0/],
  ] as const)('of %j is refused by name', (options, message) => {
    expect(() => resolveStartRate(options, 'q')).toThrow(invalid(message));
  });

  it('without a burst is spread evenly, and says when the next start may be had', () => {
    const rate = new LocalRate({ count: 4, perMs: 1_000, burst: 1 });
    expect(rate.take(3, 0)).toEqual({ granted: 1, nextMs: 250 });
    expect(rate.take(1, 249)).toEqual({ granted: 0, nextMs: 250 });
    expect(rate.take(1, 250)).toEqual({ granted: 1, nextMs: undefined });
    expect(rate.take(9, 10_000)).toEqual({ granted: 1, nextMs: 10_250 });
  });

  it('with a burst gives it at once, and a slower pace behind it', () => {
    const rate = { count: 10, perMs: 1_000, burst: 5 };
    const local = new LocalRate(rate);
    expect(paceMs(rate)).toBeCloseTo(1_000 / 6);
    expect(local.take(20, 0)).toEqual({ granted: 5, nextMs: 167 });
    expect(local.take(20, 999).granted).toBe(5);
  });

  it('gives nothing for a clock that steps back, and goes on from there', () => {
    const rate = new LocalRate({ count: 1, perMs: 1_000, burst: 1 });
    expect(rate.take(1, 10_000).granted).toBe(1);
    expect(rate.take(1, 5_000)).toEqual({ granted: 0, nextMs: 6_000 });
    expect(rate.take(1, 6_000).granted).toBe(1);
  });

  it('never gives more than its count in any stretch of its time, and all of its pace to who always asks', () => {
    const rates = fc.record({
      count: fc.integer({ min: 1, max: 60 }),
      perMs: fc.integer({ min: 1, max: 5_000 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const asks = fc.array(fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 1, max: 80 })), {
      maxLength: 80,
    });
    fc.assert(
      fc.property(rates, asks, ({ count, perMs, share }, questions) => {
        const rate = { count, perMs, burst: Math.max(1, Math.ceil(count * share)) };
        let state: RateState | undefined;
        let nowMs = 1_000_000;
        const given: { readonly atMs: number; readonly granted: number }[] = [];
        for (const [later, wanted] of questions) {
          nowMs += later;
          const answer = takeStarts(rate, state, wanted, nowMs);
          state = answer.state;
          given.push({ atMs: nowMs, granted: answer.granted });
          if (answer.granted < wanted) {
            expect(answer.waitMs).toBeGreaterThan(0);
            // When it says so, one more is there.
            expect(takeStarts(rate, state, 1, nowMs + answer.waitMs).granted).toBe(1);
          }
        }
        for (const { atMs } of given) {
          const within = given.filter((one) => one.atMs >= atMs && one.atMs < atMs + perMs);
          expect(within.reduce((sum, { granted }) => sum + granted, 0)).toBeLessThanOrEqual(count);
        }
      }),
      { numRuns: 500 },
    );
  });
});
