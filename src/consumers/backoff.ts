import type { Clock } from '../core/clock.ts';
import { EsteiraError, isEsteiraError } from '../core/errors.ts';
import type { Log } from '../core/ports/log.ts';

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2_000;

/** A wait that a stop cuts short. */
export const waitOrStop = (clock: Clock, delayMs: number, stopped: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (stopped.aborted) return resolve();
    const done = (): void => {
      cancel();
      stopped.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    stopped.addEventListener('abort', done, { once: true });
  });

export interface InsistParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly stopped: AbortSignal;
  /** Called when the first try failed, and when one worked again. */
  readonly onOutage?: (what: string, down: boolean) => void;
}

/**
 * Repeats a call while what it needs is unreachable: nothing fails, is skipped or is spent meanwhile. Each outage is
 * told twice, when it begins and when it ends. Everything else, programming errors included, goes to the caller.
 *
 * @throws EsteiraError ESTEIRA_CLOSED when stopped while waiting.
 */
export const insist = async <T>(parts: InsistParts, what: string, call: () => T | Promise<T>): Promise<T> => {
  for (let tries = 0; ; tries += 1) {
    try {
      const answer = await call();
      if (tries > 0) {
        parts.log.info(`${what} works again`, { tries });
        parts.onOutage?.(what, false);
      }
      return answer;
    } catch (error) {
      if (!isEsteiraError(error) || !error.retryable) {
        // It was reached: what is wrong now is another thing.
        if (tries > 0) parts.onOutage?.(what, false);
        throw error;
      }
      if (tries === 0) {
        parts.log.warn(`${what} is suspended until it works again`, factsOf(error));
        parts.onOutage?.(what, true);
      }
    }
    if (parts.stopped.aborted)
      throw new EsteiraError('ESTEIRA_CLOSED', `${what} was given up: the worker has stopped`);
    await waitOrStop(parts.clock, Math.min(FIRST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS), parts.stopped);
  }
};

/** Code and class name of an error, fit for a log line. */
export const factsOf = (error: unknown): { readonly error: string } => ({
  error: isEsteiraError(error) ? error.code : error instanceof Error ? error.name : typeof error,
});
