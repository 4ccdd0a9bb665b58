import { performance } from 'node:perf_hooks';

/** The event loop as Node counts its time, ms. */
export interface LoopTimes {
  readonly idle: number;
  readonly active: number;
}

/** What is counted over less than this says little, ms. */
const LEAST_MS = 50;
/** From this part of its time on the event loop has no time to spare: whatever comes waits for it. */
const HIGH = 0.75;

/** Whether the event loop of this process has little idle time: by itself, or since others have the processors. */
export class LoopLoad {
  readonly #times: () => LoopTimes;
  #since: LoopTimes;
  #isHigh = false;

  constructor(times: () => LoopTimes = () => performance.eventLoopUtilization()) {
    this.#times = times;
    this.#since = times();
  }

  get isHigh(): boolean {
    const now = this.#times();
    const activeMs = now.active - this.#since.active;
    const pastMs = activeMs + now.idle - this.#since.idle;
    if (pastMs < LEAST_MS) return this.#isHigh;
    this.#isHigh = activeMs / pastMs >= HIGH;
    this.#since = now;
    return this.#isHigh;
  }
}
