/** How a call ended for its caller; its work may go on. */
export type FirstEnding<T> =
  | { readonly how: 'answered'; readonly value: T }
  | { readonly how: 'threw' | 'timed-out' | 'aborted'; readonly error: unknown };

/** A call on its way. */
export interface BoundedCall<T> {
  /** What came first: the answer, an error, the time-out, or the caller's abort. Never rejects. */
  readonly first: Promise<FirstEnding<T>>;
  /** Resolves when the work itself has ended, however late. */
  readonly ended: Promise<unknown>;
}

export interface Bounds {
  readonly callerSignal: AbortSignal;
  readonly timeoutMs: number;
  /** Makes the error of the time-out; also the reason the work's signal aborts with. */
  readonly timeoutError: () => Error;
}

/** Starts work under a signal of its own, which aborts with the caller's and at the time-out. */
export const startBounded = <T>(
  action: (signal: AbortSignal) => Promise<T>,
  bounds: Bounds,
): BoundedCall<T> => {
  const { callerSignal, timeoutMs, timeoutError } = bounds;
  const own = new AbortController();
  const work = (async () => action(AbortSignal.any([callerSignal, own.signal])))();
  const settled = work.then(
    (value): FirstEnding<T> => ({ how: 'answered', value }),
    (error: unknown): FirstEnding<T> => ({ how: 'threw', error }),
  );
  let stopWatching = (): void => undefined;
  const givenUp = new Promise<FirstEnding<T>>((resolve) => {
    const timer = setTimeout(() => {
      const error = timeoutError();
      // Resolved before the abort, so that the time-out is told, not the abort error it makes the work throw.
      resolve({ how: 'timed-out', error });
      own.abort(error);
    }, timeoutMs);
    const onAbort = (): void => resolve({ how: 'aborted', error: callerSignal.reason });
    callerSignal.addEventListener('abort', onAbort, { once: true });
    stopWatching = () => {
      clearTimeout(timer);
      callerSignal.removeEventListener('abort', onAbort);
    };
  });
  return { first: Promise.race([givenUp, settled]).finally(stopWatching), ended: settled };
};
