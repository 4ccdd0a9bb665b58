import type { Clock } from '../core/clock.ts';
import { EsteiraError } from '../core/errors.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
const MOST_AT_ONCE = 4;

/**
 * What all look-ups at one registry share: at most four at once, and a pause after each failure (250 ms, doubled up to
 * 5 s) in which look-ups fail at once, so that neither poison nor an outage becomes a storm of requests.
 */
export class RegistryGate {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #failures = 0;
  #closedUntilMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws EsteiraError ESTEIRA_REGISTRY_UNAVAILABLE, of the request or of the pause after an earlier one. */
  async pass<V>(ask: () => Promise<V>): Promise<V> {
    this.#refuseWhileClosed();
    await this.#turn();
    try {
      this.#refuseWhileClosed();
      const answer = await this.#ask(ask);
      this.#failures = 0;
      return answer;
    } finally {
      this.#leave();
    }
  }

  async #ask<V>(ask: () => Promise<V>): Promise<V> {
    try {
      return await ask();
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  /** What fails while the gate is closed already belongs to the same failure: the pause does not grow by it. */
  #close(): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#closedUntilMs) return;
    this.#closedUntilMs = nowMs + Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
    this.#failures += 1;
  }

  async #turn(): Promise<void> {
    if (this.#running < MOST_AT_ONCE) {
      this.#running += 1;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Hands its place to who waits longest. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }

  #refuseWhileClosed(): void {
    const leftMs = this.#closedUntilMs - this.#clock.nowMs();
    if (leftMs <= 0) return;
    throw new EsteiraError(
      'ESTEIRA_REGISTRY_UNAVAILABLE',
      'The schema registry failed a moment ago and is asked again shortly.',
      { facts: { failure: 'pause', retryInMs: leftMs } },
    );
  }
}
