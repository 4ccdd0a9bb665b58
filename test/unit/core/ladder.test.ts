import fc from 'fast-check';
import { expect, it } from 'vitest';
import { durationMs, durationName } from '../../../src/core/duration.ts';
import { DEFAULT_TIERS, makeLadder, tierFor } from '../../../src/core/ladder.ts';

const delays = fc.array(fc.nat(1_000_000), { maxLength: 20 });

it('a ladder holds each delay once, ascending, and none of 0', () => {
  expect(makeLadder([300, 100, 0, 100, 200])).toEqual([100, 200, 300]);
  fc.assert(
    fc.property(delays, (given) => {
      const ladder = makeLadder(given);
      expect(ladder).toEqual([...new Set(given)].filter((ms) => ms > 0).sort((a, b) => a - b));
    }),
  );
});

it('the tier of a wait never overshoots it, and no larger tier fits', () => {
  fc.assert(
    fc.property(delays, fc.nat(1_200_000), (given, leftMs) => {
      const ladder = makeLadder(given);
      const tier = tierFor(ladder, leftMs);
      const fitting = ladder.filter((delayMs) => delayMs <= leftMs);
      expect(tier).toBe(fitting.length === 0 ? undefined : Math.max(...fitting));
    }),
  );
});

it('the default tiers are on the wire under these names', () => {
  const names = makeLadder(DEFAULT_TIERS.map((tier) => durationMs(tier))).map(durationName);
  expect(names.join(' ')).toBe('1s 5s 30s 1m 2m 5m 10m 15m 30m 1h 6h 24h');
});
