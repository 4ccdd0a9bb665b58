/** Upper bounds of buckets for the time of jobs, seconds: 5 ms to 10 min. */
export const BUCKETS_SECONDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600,
];

/** How values are spread over buckets. */
export class Spread {
  readonly bounds: readonly number[];
  /** Values in each bucket, in the order of the bounds; the last takes what is above all. */
  readonly counts: number[];
  sum = 0;
  count = 0;

  /** `bounds`: upper bounds of the buckets, ascending. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array<number>(bounds.length + 1).fill(0);
  }

  /** Counts a value; one below zero, or none at all, is left out, as OpenTelemetry's own histograms leave it out. */
  record(value: number): void {
    if (!(value >= 0)) return;
    const { bounds, counts } = this;
    let bucket = 0;
    for (let bound = bounds[0]; bound !== undefined && value > bound; bound = bounds[bucket]) bucket += 1;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    this.sum += value;
    this.count += 1;
  }
}
