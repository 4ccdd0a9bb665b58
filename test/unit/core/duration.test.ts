import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Duration, durationMs, durationName, durationText } from '../../../src/core/duration.ts';

describe('a duration', () => {
  it.each<[Duration, number]>([
    ['100ms', 100],
    ['30s', 30_000],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['6h', 21_600_000],
    ['8d', 691_200_000],
    ['0ms', 0],
    [0, 0],
    [12.4, 12],
  ])('%s is %i ms', (duration, ms) => {
    expect(durationMs(duration)).toBe(ms);
  });

  // From JavaScript, JSON or a cast any text and number can get here.
  it.each(['', '10', 's', '10 s', '-5s', '5 m', '1e3ms', '5w', '1h30m', '٣s', 'constructor'])(
    'the text %j is refused, naming what it was for and what to write',
    (text) => {
      expect(() => durationMs(text as Duration, 'job x: lease')).toThrow(
        expect.objectContaining({
          code: 'ESTEIRA_DEFINITION_INVALID',
          message: expect.stringMatching(/^job x: lease is ".*": give .*30s, 5m/),
        }),
      );
    },
  );

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('the number %d is refused', (ms) => {
    expect(() => durationMs(ms)).toThrow(expect.objectContaining({ code: 'ESTEIRA_DEFINITION_INVALID' }));
  });
});

describe('the name of a delay', () => {
  it.each([
    ['60s', '1m'],
    ['90s', '90s'],
    ['24h', '24h'],
    ['1d', '24h'],
    ['120m', '2h'],
    ['1000ms', '1s'],
    ['1500ms', '1500ms'],
    ['0ms', '0ms'],
  ] as const)('of %s is %s', (duration, name) => {
    expect(durationName(durationMs(duration))).toBe(name);
  });

  // Who had written `attemptTimeout: '30d'` was told of 720h.
  it('is shown to people in days where it is whole days', () => {
    const shown = (['30d', '24h', '36h', '90s'] as const).map((given) => durationText(durationMs(given)));
    expect(shown).toEqual(['30d', '1d', '36h', '90s']);
  });

  it('reads back as the same delay, so that two delays never share a topic', () => {
    fc.assert(
      fc.property(fc.nat(400 * 86_400_000), (ms) => {
        expect(durationMs(durationName(ms) as Duration)).toBe(ms);
      }),
    );
  });
});
