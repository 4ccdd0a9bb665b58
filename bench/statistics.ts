const ascending = (values: readonly number[]): readonly number[] => [...values].sort((a, b) => a - b);

/** The value below or at which `share` (0 to 1) of the values lie, by nearest rank. @throws RangeError for no values. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = ascending(values);
  const found = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (found === undefined) throw new RangeError('there is no quantile of nothing');
  return found;
};

/** The middle value, or the mean of the two middle ones. @throws RangeError for no values. */
export const median = (values: readonly number[]): number => {
  const sorted = ascending(values);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (low === undefined || high === undefined) throw new RangeError('there is no median of nothing');
  return (low + high) / 2;
};

/** A measured value: the median of `n` runs, with the smallest and the largest of them. */
export interface Measured {
  readonly value: number;
  readonly n: number;
  readonly least: number;
  readonly most: number;
}

/** Sums runs up. @throws RangeError for no values. */
export const measuredOf = (values: readonly number[]): Measured => ({
  value: median(values),
  n: values.length,
  least: Math.min(...values),
  most: Math.max(...values),
});

/**
 * The median of the ratios of runs that were interleaved: run by run, so that what disturbed one round disturbed both
 * sides of its ratio. @throws RangeError when the numbers of runs differ.
 */
export const ratioOf = (above: readonly number[], below: readonly number[]): Measured => {
  if (above.length !== below.length) throw new RangeError('a ratio needs as many runs above as below');
  return measuredOf(above.map((value, round) => value / (below[round] ?? Number.NaN)));
};

/** How long a group of jobs waited, ms. */
export interface WaitSummary {
  readonly n: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
}

/** Sums waits up; undefined when there are none. */
export const summarizeWaits = (waitsMs: readonly number[]): WaitSummary | undefined =>
  waitsMs.length === 0
    ? undefined
    : {
        n: waitsMs.length,
        p50Ms: quantile(waitsMs, 0.5),
        p99Ms: quantile(waitsMs, 0.99),
        mostMs: quantile(waitsMs, 1),
      };
