/** Time comes in through this port, so that tests can own it. */
export interface Clock {
  /** Epoch milliseconds. */
  nowMs(): number;
  /** Calls back once after `delayMs` (at least 0); the returned function cancels. */
  after(delayMs: number, callback: () => void): () => void;
}

/** setTimeout fires at once beyond this; longer waits are made of pieces. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. Its timers do not keep a process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after: (delayMs, callback) => {
    let timer: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      const step = Math.min(leftMs, LONGEST_TIMER_MS);
      timer = setTimeout(() => (leftMs > step ? arm(leftMs - step) : callback()), step);
      timer.unref();
    };
    arm(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};

/** Lets time pass by the machine's clock, keeping the process alive. */
export const waitFor = (delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
