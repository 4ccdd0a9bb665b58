import type { Clock } from '../core/clock.ts';
import { randomId } from '../core/ids.ts';
import type { Log } from '../core/ports/log.ts';
import type { ReportStore } from '../core/ports/process-reports.ts';
import { type JobTypeAccount, writeReport } from '../core/process-report.ts';

export interface ReportTellerParts {
  readonly store: ReportStore;
  readonly clock: Clock;
  readonly log: Log;
  /** What there is to say now, by job type. */
  readonly accounts: () => readonly JobTypeAccount[];
}

/** How often a process looks whether what it says has changed, ms. */
const LOOK_EVERY_MS = 1_000;
/** How often it says the same again, ms. */
const SAY_AGAIN_MS = 5_000;
/** What it said is forgotten after so long without a word, ms: it is dead, or has lost the store. */
export const REPORT_LIFETIME_MS = 15_000;

/**
 * Says to other processes what runs here and what is stopped, for `esteira queues list`: once a second while it changes,
 * else once in five. Nothing waits for it, and nothing is lost when it cannot be said.
 */
export class ReportTeller {
  readonly #parts: ReportTellerParts;
  readonly #process = randomId();
  #said = '';
  #saidMs = Number.NEGATIVE_INFINITY;
  #isSaying = false;
  #isFailing = false;
  #isStopped = false;
  #cancel: () => void = () => undefined;

  constructor(parts: ReportTellerParts) {
    this.#parts = parts;
  }

  /** Begins to say it. */
  start(): void {
    if (this.#isStopped) return;
    this.#look();
    this.#cancel = this.#parts.clock.after(LOOK_EVERY_MS, () => this.start());
  }

  /** Takes back what was said, without waiting for it: else it is forgotten a little later. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel();
    if (this.#said !== '') this.#parts.store.withdraw(this.#process).catch(() => undefined);
  }

  #look(): void {
    if (this.#isSaying) return;
    const { clock, accounts } = this.#parts;
    const text = writeReport(accounts());
    const nowMs = clock.nowMs();
    if (text === this.#said && Math.abs(nowMs - this.#saidMs) < SAY_AGAIN_MS) return;
    this.#said = text;
    this.#saidMs = nowMs;
    this.#isSaying = true;
    void this.#say(text);
  }

  async #say(text: string): Promise<void> {
    const { store, log } = this.#parts;
    try {
      await store.report({ process: this.#process, text, lifetimeMs: REPORT_LIFETIME_MS });
      this.#isFailing = false;
    } catch (error) {
      this.#saidMs = Number.NEGATIVE_INFINITY;
      if (!this.#isFailing && !this.#isStopped)
        log.warn('what runs here cannot be said to others: `esteira queues list` does not know it', {
          error: error instanceof Error ? error.message : String(error),
        });
      this.#isFailing = true;
    }
    this.#isSaying = false;
  }
}
