import fc from 'fast-check';
import { expect, test } from 'vitest';
import { preconditionOf } from '../../../src/core/state-version.ts';

const ctx = { jobId: 'j' };
const versioned = (current: number | bigint | undefined) =>
  preconditionOf<number | bigint, typeof ctx>(undefined, {
    of: (payload) => payload,
    current: async () => current,
  });

test('a job runs when its version is the current one or newer, and not when it is older', async () => {
  await fc.assert(
    fc.asyncProperty(fc.maxSafeInteger(), fc.maxSafeInteger(), async (own, now) => {
      expect(await versioned(now)?.(own, ctx)).toBe(own >= now);
      expect(await versioned(BigInt(now))?.(own, ctx)).toBe(own >= now);
    }),
  );
});

test('a state that is not there yet is older than every version', async () => {
  expect(await versioned(undefined)?.(0, ctx)).toBe(true);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, '7'])(
  'a version of %s is a mistake that no retry mends',
  async (wrong) => {
    const of = preconditionOf<unknown, typeof ctx>(undefined, {
      of: () => wrong as number,
      current: () => 1,
    });
    await expect(of?.(1, ctx)).rejects.toThrow('version.of gave no number');
    if (wrong === undefined) return;
    const current = preconditionOf<unknown, typeof ctx>(undefined, {
      of: () => 1,
      current: () => wrong as number,
    });
    await expect(current?.(1, ctx)).rejects.toThrow('version.current gave no number');
  },
);

test('shouldRun is asked only of jobs whose version is not too old', async () => {
  const asked: number[] = [];
  const shouldRun = (payload: number): boolean => {
    asked.push(payload);
    return payload !== 5;
  };
  const both = preconditionOf<number, typeof ctx>(shouldRun, { of: (payload) => payload, current: () => 4 });
  expect([await both?.(3, ctx), await both?.(4, ctx), await both?.(5, ctx)]).toEqual([false, true, false]);
  expect(asked).toEqual([4, 5]);
  expect(preconditionOf(undefined, undefined)).toBeUndefined();
});
