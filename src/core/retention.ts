import { durationText } from './duration.ts';

const DAY_MS = 86_400_000;

/** How long an inbox keeps its records, ms; less than the default `doneTtl` (8 d), so that what is read again is recognised. */
export const INBOX_RETENTION_MS = 7 * DAY_MS;

/** No tier keeps its records longer, ms. */
const LONGEST_RETENTION_MS = 365 * DAY_MS;

/** How long a delay tier keeps its records, ms: its delay and a week for a relay that is down. */
export const tierRetentionMs = (delayMs: number): number =>
  Math.min(delayMs + 7 * DAY_MS, LONGEST_RETENTION_MS);

/** How long a waiting topic keeps its records at least, ms. */
const WAITING_RETENTION_MS = 30 * DAY_MS;
/** What a parked head may wait beyond its delays: a worker that is down, and the followers behind it. */
const WAITING_MARGIN_MS = 7 * DAY_MS;

/** What an ordered job type says about how long the head of a key may wait. */
export interface WaitPolicy {
  readonly retry: { readonly delaysMs: readonly number[] };
  readonly maxAgeMs?: number;
}

/** The longest that the head of a key can wait between its first attempt and its last, ms: its record stands all the time. */
export const longestWaitMs = ({ retry, maxAgeMs = Number.POSITIVE_INFINITY }: WaitPolicy): number =>
  Math.min(
    retry.delaysMs.reduce((sum, delayMs) => sum + delayMs, 0),
    maxAgeMs,
  );

/** How long a waiting topic keeps its records, ms; at most a year. */
export const waitingRetentionMs = (job: WaitPolicy): number =>
  Math.min(Math.max(WAITING_RETENTION_MS, longestWaitMs(job) + WAITING_MARGIN_MS), LONGEST_RETENTION_MS);

/** What is wrong with a delay that its tier would have thrown away before it is over; nothing for all others. */
export const delayProblems = (delayMs: number, what: string): readonly string[] =>
  delayMs <= tierRetentionMs(delayMs)
    ? []
    : [
        `${what} is ${durationText(delayMs)}, longer than the ${durationText(LONGEST_RETENTION_MS)} that a tier keeps its records`,
      ];

/**
 * What is wrong with an attempt that may run longer than its lease can be renewed: the lease holds a record, and after
 * its topic has dropped that one, nobody could run the job again if the process died.
 */
export const attemptProblems = (attemptTimeoutMs: number | undefined, where: string): readonly string[] =>
  attemptTimeoutMs === undefined || attemptTimeoutMs <= INBOX_RETENTION_MS
    ? []
    : [
        `${where}: attemptTimeout is ${durationText(attemptTimeoutMs)}, but a lease can be renewed for ${durationText(INBOX_RETENTION_MS)} at most: after that the job's record is gone from its topic`,
      ];
