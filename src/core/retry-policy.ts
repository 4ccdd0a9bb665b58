import { type Duration, durationMs } from './duration.ts';
import { EsteiraError } from './errors.ts';

/** A fixed wait, a list of waits, or exponential growth. */
export type Backoff =
  | Duration
  | readonly Duration[]
  | { readonly initial: Duration; readonly factor?: number; readonly max?: Duration };

/** How often and when a failed job runs again. */
export interface RetryOptions {
  /** Runs in all, the first included; default 3. */
  readonly attempts?: number;
  /**
   * Wait number n comes before run n + 1. A list shorter than needed repeats its last; surplus waits are accepted.
   * Default: exponential from 60 s, factor 5, at most 15 min.
   */
  readonly backoff?: Backoff;
}

/** A retry policy worked out: a wait for each run after the first. */
export interface RetryPolicy {
  readonly attempts: number;
  /** Milliseconds before run n + 2 at index n; exactly `attempts - 1` long. */
  readonly delaysMs: readonly number[];
}

const MOST_ATTEMPTS = 1_000;

const delayAt = (backoff: Backoff, index: number): number => {
  if (typeof backoff === 'number' || typeof backoff === 'string') return durationMs(backoff, 'retry.backoff');
  if ('initial' in backoff) {
    const initialMs = durationMs(backoff.initial, 'retry.backoff.initial');
    const maxMs = durationMs(backoff.max ?? '15m', 'retry.backoff.max');
    return Math.round(Math.min(initialMs * (backoff.factor ?? 5) ** index, maxMs));
  }
  const last = backoff[Math.min(index, backoff.length - 1)];
  return durationMs(last ?? 0, `retry.backoff[${index}]`);
};

/** Works a policy out. @throws EsteiraError ESTEIRA_DEFINITION_INVALID on attempts out of range or an empty list. */
export const resolveRetryPolicy = (options: RetryOptions = {}): RetryPolicy => {
  const attempts = options.attempts ?? 3;
  const backoff = options.backoff ?? { initial: '60s', factor: 5, max: '15m' };
  if (!Number.isInteger(attempts) || attempts < 1 || attempts > MOST_ATTEMPTS) {
    throw new EsteiraError(
      'ESTEIRA_DEFINITION_INVALID',
      `retry.attempts is ${attempts}: give a whole number from 1 (no retry) to ${MOST_ATTEMPTS}`,
    );
  }
  if (Array.isArray(backoff) && backoff.length === 0) {
    throw new EsteiraError(
      'ESTEIRA_DEFINITION_INVALID',
      'retry.backoff is an empty list: give at least one wait',
    );
  }
  return { attempts, delaysMs: Array.from({ length: attempts - 1 }, (_, index) => delayAt(backoff, index)) };
};

/** The wait before attempt `attempt` (2 or more), ms; undefined when the policy allows no such attempt. */
export const delayBefore = (policy: RetryPolicy, attempt: number): number | undefined =>
  policy.delaysMs[attempt - 2];
