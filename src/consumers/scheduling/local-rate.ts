import { type RateState, type StartRate, takeStarts } from '../../core/start-rate.ts';

/** The starts of one process under a rate: for limits that need not hold over all processes. */
export class LocalRate {
  readonly #rate: StartRate;
  #state: RateState | undefined;

  constructor(rate: StartRate) {
    this.#rate = rate;
  }

  /** Takes up to `wanted` starts; `nextMs` is when the next may be had, undefined when all were given. */
  take(wanted: number, nowMs: number): { readonly granted: number; readonly nextMs: number | undefined } {
    const { granted, state, waitMs } = takeStarts(this.#rate, this.#state, wanted, nowMs);
    this.#state = state;
    return { granted, nextMs: waitMs === 0 ? undefined : nowMs + waitMs };
  }
}
