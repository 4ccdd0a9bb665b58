import type { Clock } from '../core/clock.ts';
import { isEsteiraError } from '../core/errors.ts';
import type { Log } from '../core/ports/log.ts';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
/** A full buffer is back pressure and passes; only one that stays full this long is told. */
const BACK_PRESSURE_TOLD_AFTER_MS = 5_000;

/** Trying again cannot help: nobody can make the record smaller or the producer open again. All else may pass. */
const isFinal = (error: unknown): boolean =>
  isEsteiraError(error, 'ESTEIRA_RECORD_TOO_LARGE') || isEsteiraError(error, 'ESTEIRA_CLOSED');

const describe = (error: unknown): { code: string; error: string } => {
  if (isEsteiraError(error)) return { code: error.code, error: error.message };
  return error instanceof Error
    ? { code: error.name, error: error.message }
    : { code: 'UNKNOWN', error: String(error) };
};

/**
 * Lets writes pass while writing works, and holds all of them while it does not, so that an outage is met by one
 * pause instead of a storm of retries. Holds no bytes beyond what its callers hold.
 */
export class OutageGate {
  readonly #clock: Clock;
  readonly #log: Log;
  #closed: Promise<void> | undefined;
  /** Grows whenever the gate closes; sends of an earlier round do not lengthen the pause. */
  #round = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #held = 0;
  #outage: { readonly sinceMs: number; told: boolean } | undefined;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Calls `send` until it succeeds, with growing pauses from 50 ms to 5 s.
   *
   * @throws EsteiraError ESTEIRA_RECORD_TOO_LARGE, ESTEIRA_CLOSED
   */
  async insist(send: () => Promise<unknown>): Promise<void> {
    let held = false;
    let written = false;
    try {
      while (!(await this.#passed(send))) {
        if (!held) this.#held += 1;
        held = true;
      }
      written = true;
    } finally {
      if (held) this.#release(written);
    }
  }

  async #passed(send: () => Promise<unknown>): Promise<boolean> {
    // A loop: the gate may have closed again before those who waited behind it had their turn.
    while (this.#closed !== undefined) await this.#closed;
    const round = this.#round;
    try {
      await send();
      this.#pauseMs = FIRST_PAUSE_MS;
      return true;
    } catch (error) {
      if (isFinal(error)) throw error;
      this.#close(round, error);
      return false;
    }
  }

  #close(round: number, error: unknown): void {
    this.#tell(error);
    if (round !== this.#round) return;
    this.#round += 1;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    this.#closed = new Promise((resolve) => {
      this.#clock.after(pauseMs, () => {
        this.#closed = undefined;
        resolve();
      });
    });
  }

  #tell(error: unknown): void {
    const nowMs = this.#clock.nowMs();
    this.#outage ??= { sinceMs: nowMs, told: false };
    if (this.#outage.told) return;
    const backPressure = isEsteiraError(error, 'ESTEIRA_BUFFER_FULL');
    if (backPressure && nowMs - this.#outage.sinceMs < BACK_PRESSURE_TOLD_AFTER_MS) return;
    this.#outage.told = true;
    this.#log.warn('telemetry.blocked', describe(error));
  }

  #release(written: boolean): void {
    this.#held -= 1;
    if (this.#held > 0 || this.#outage === undefined) return;
    const { sinceMs, told } = this.#outage;
    this.#outage = undefined;
    if (told && written) this.#log.info('telemetry.unblocked', { outageMs: this.#clock.nowMs() - sinceMs });
  }
}
