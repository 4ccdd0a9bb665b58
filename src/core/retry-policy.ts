import { type Duration, durationMs } from './duration.ts';
import { EsteiraError } from './errors.ts';

interface Growth {
  readonly initial: Duration;
  readonly factor?: number;
  readonly max?: Duration;
}

/** A fixed wait, a list of waits, or exponential growth. */
export type Backoff = Duration | readonly Duration[] | Growth;

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

const invalid = (message: string): EsteiraError => new EsteiraError('ESTEIRA_DEFINITION_INVALID', message);

const grownMs = (backoff: Growth, index: number, where: string): number => {
  const factor = backoff.factor ?? 5;
  if (!Number.isFinite(factor) || factor <= 0) {
    throw invalid(`${where}.factor is ${factor}: give a number above 0`);
  }
  const initialMs = durationMs(backoff.initial, `${where}.initial`);
  const maxMs = durationMs(backoff.max ?? '15m', `${where}.max`);
  // The power may have become infinite, and 0 times that is no number.
  return initialMs === 0 ? 0 : Math.round(Math.min(initialMs * factor ** index, maxMs));
};

const delayAt = (backoff: Backoff, index: number, where: string): number => {
  if (typeof backoff === 'number' || typeof backoff === 'string') return durationMs(backoff, where);
  if ('initial' in backoff) return grownMs(backoff, index, where);
  const last = backoff[Math.min(index, backoff.length - 1)];
  return durationMs(last ?? 0, `${where}[${index}]`);
};

/**
 * Works a policy out; `owner` is named in errors.
 *
 * @throws EsteiraError ESTEIRA_DEFINITION_INVALID on attempts out of range, a wait or factor that is none, an empty list.
 */
export const resolveRetryPolicy = (options: RetryOptions = {}, owner = 'policy'): RetryPolicy => {
  const attempts = options.attempts ?? 3;
  const backoff = options.backoff ?? { initial: '60s', factor: 5, max: '15m' };
  const where = `${owner}: retry`;
  if (!Number.isInteger(attempts) || attempts < 1 || attempts > MOST_ATTEMPTS) {
    throw invalid(
      `${where}.attempts is ${attempts}: give a whole number from 1 (no retry) to ${MOST_ATTEMPTS}`,
    );
  }
  if (Array.isArray(backoff) && backoff.length === 0) {
    throw invalid(`${where}.backoff is an empty list: give at least one wait`);
  }
  const delaysMs = Array.from({ length: attempts - 1 }, (_, index) =>
    delayAt(backoff, index, `${where}.backoff`),
  );
  return { attempts, delaysMs };
};

/** The wait before attempt `attempt` (2 or more), ms; undefined when the policy allows no such attempt. */
export const delayBefore = (policy: RetryPolicy, attempt: number): number | undefined =>
  policy.delaysMs[attempt - 2];
