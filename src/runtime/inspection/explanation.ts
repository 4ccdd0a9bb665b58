/** Where a job is. `unknown`: nothing was found of it. */
export type JobState =
  | 'dispatched'
  | 'waiting'
  | 'running'
  | 'retrying'
  | 'parked'
  | 'suspended'
  | 'completed'
  | 'skipped'
  | 'cancelled'
  | 'dead'
  | 'unknown';

/** What a job waits for. `nothing`: it is over, or runs. */
export type WaitsFor =
  | 'nothing'
  | 'due-time'
  | 'relay'
  | 'worker'
  | 'head'
  | 'lease'
  | 'limit'
  | 'dependency'
  | 'operator'
  | 'unknown';

/** The answer to "where is this job, and why". Times are epoch ms. */
export interface Explanation {
  readonly state: JobState;
  readonly waitsFor: WaitsFor;
  /** Since when it is there; undefined where nobody knows. */
  readonly sinceMs?: number;
  /** When it goes on, at the earliest. */
  readonly dueMs?: number;
  /** One or two sentences. */
  readonly says: string;
  /** What to do. */
  readonly todo: string;
}
