import type { Clock } from '../../core/clock.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { Decider } from '../decide.ts';
import type { Entry } from '../entry.ts';
import type { Settlement } from '../settlement.ts';
import { again, type Step, stepOf } from '../step.ts';
import type { PauseOptions } from './pause-options.ts';
import type { StartControl } from './start-control.ts';

export interface PauseGuardParts {
  readonly job: JobDefinition<unknown>;
  readonly clock: Clock;
  readonly decider: Pick<Decider, 'forwarded'>;
  readonly settlement: Pick<Settlement, 'publish'>;
  readonly control: StartControl;
  readonly settings: { readonly pause?: PauseOptions };
}

/** A short pause costs no writes. */
const PATIENCE_MS = 5_000;
const LOOK_MS = 500;
const ASIDE_MS = 60_000;
/** Parked keys wait without being written again, so they can be looked at sooner. */
const ASIDE_ORDERED_MS = 15_000;

/**
 * Keeps the jobs of a paused tenant or key from starting, out of the way of the others in their partition: after a
 * while in memory they are set aside on a tier (unordered types), or wait as the order machine has them (ordered ones).
 * No attempt is spent and no start is counted.
 */
export class PauseGuard {
  readonly #parts: PauseGuardParts;
  /** When each that is kept waiting was first, epoch ms. */
  readonly #sinceMs = new WeakMap<Entry, number>();

  constructor(parts: PauseGuardParts) {
    this.#parts = parts;
  }

  /** What becomes of an entry whose tenant or key is paused; undefined when neither is. Unordered types. */
  admit(entry: Entry, atMs: number): Promise<Step> | undefined {
    if (!this.#isPaused(entry)) return undefined;
    return this.#wait(entry, atMs);
  }

  /**
   * Keeps an entry that may not die now. Where its whole job type is paused it waits where it is; else out of the way of
   * the others.
   */
  hold(entry: Entry, atMs: number): Promise<Step> {
    const { control, job } = this.#parts;
    if (control.controls.pauseOfType(job) !== undefined) return Promise.resolve(again(LOOK_MS));
    return this.#wait(entry, atMs);
  }

  /** When an entry whose tenant or key is paused is looked at again, epoch ms; undefined when neither is. */
  notBefore(entry: Entry, atMs: number): number | undefined {
    if (!this.#isPaused(entry)) return undefined;
    return (
      atMs + (this.#isLong(entry, atMs) ? (this.#parts.settings.pause?.asideMs ?? ASIDE_ORDERED_MS) : LOOK_MS)
    );
  }

  #isPaused(entry: Entry): boolean {
    const { control, job } = this.#parts;
    if (control.isPaused(job, entry)) return true;
    // Nothing to forget while nothing is paused, which is nearly always.
    if (control.controls.pausesJobs) this.#sinceMs.delete(entry);
    return false;
  }

  /** Whether it has waited in memory for as long as a short pause may take. */
  #isLong(entry: Entry, atMs: number): boolean {
    const sinceMs = this.#sinceMs.get(entry) ?? atMs;
    this.#sinceMs.set(entry, sinceMs);
    return atMs - sinceMs >= (this.#parts.settings.pause?.patienceMs ?? PATIENCE_MS);
  }

  async #wait(entry: Entry, atMs: number): Promise<Step> {
    const { decider, settlement, settings } = this.#parts;
    if (!this.#isLong(entry, atMs)) return again(LOOK_MS);
    const dueMs = atMs + (settings.pause?.asideMs ?? ASIDE_MS);
    // Nothing is decided: another copy of the job may run, and its failure must count.
    await settlement.publish(entry, decider.forwarded(entry.delivery, 'paused', atMs, dueMs));
    return stepOf('settle');
  }
}
