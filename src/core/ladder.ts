/** The delay tiers every app has, unless it names its own. */
export const DEFAULT_TIERS = [
  '1s',
  '5s',
  '30s',
  '1m',
  '2m',
  '5m',
  '10m',
  '15m',
  '30m',
  '1h',
  '6h',
  '24h',
] as const;

/** A ladder: distinct delays in ms, ascending. */
export const makeLadder = (delaysMs: readonly number[]): readonly number[] =>
  [...new Set(delaysMs)].filter((delayMs) => delayMs > 0).sort((a, b) => a - b);

/**
 * The largest tier that does not overshoot what is left to wait; undefined when what is left is shorter than the
 * smallest tier, so that it is held in memory (or, for a first hop, goes to the smallest tier).
 */
export const tierFor = (ladder: readonly number[], leftMs: number): number | undefined =>
  ladder.findLast((delayMs) => delayMs <= leftMs);
