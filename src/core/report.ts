/** What a handler says of the attempt as a whole; told on its `job.completed` or `job.failed`. */
export interface ReportFacts {
  /** Business dimensions, at most 32, such as `{ marketplace: 'meli' }`; told redacted. */
  readonly dimensions?: Readonly<Record<string, string>>;
  /** Business metrics, at most 64 finite numbers in all, such as `{ records_total: 1_200 }`. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** How an attempt ended. */
export interface AttemptEnd {
  /** How long the handler ran, ms. */
  readonly runMs: number;
  /** Epoch ms. */
  readonly atMs: number;
}

/**
 * Asked once, when the attempt ends, also when it fails. What is not fit to be told then (no finite number, a text too
 * long, an error) is left out and counted as the metric `report.invalid`: the attempt is over, and must not fail of it.
 */
export type ReportSource = (end: AttemptEnd) => ReportFacts;
