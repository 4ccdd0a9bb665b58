/** Ten years: longer lifetimes overflow nothing and mean "for ever". */
const LONGEST_MS = 3650 * 24 * 3_600_000;

/** How long a claim that nobody finished is remembered beyond its lease (fence, starts, hop), ms. */
export const CLAIM_GRACE_MS = 24 * 3_600_000;

/** Whole milliseconds from 0 to ten years; fractions count as a full one, what is no number as 0. */
export const wholeMs = (ms: number): number => {
  if (Number.isNaN(ms) || ms <= 0) return 0;
  return Math.min(Math.ceil(ms), LONGEST_MS);
};

/** A lifetime for a stored value, ms: at least 1, since stores refuse lifetimes of 0. */
export const lifetimeMs = (ms: number): number => Math.max(1, wholeMs(ms));
