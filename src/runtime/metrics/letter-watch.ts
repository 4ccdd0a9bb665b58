import { factsOf } from '../../consumers/backoff.ts';
import type { Clock } from '../../core/clock.ts';
import { names } from '../../core/names.ts';
import type { Broker } from '../../core/ports/broker.ts';
import type { Log } from '../../core/ports/log.ts';
import { type ControlLog, openControlLog } from '../control/control-log.ts';
import { readLetterLedger } from '../letters/letter-ledger.ts';
import { letterSubjects } from '../letters/letter-values.ts';
import { subjects } from '../replay/control-values.ts';
import { type ReplayProgress, replayProgress } from './replay-progress.ts';

export interface LetterWatchParts {
  /** The app's name. */
  readonly ns: string;
  readonly jobTypes: readonly string[];
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Log;
  /** How many dead letters of a job type are open. */
  readonly onCount: (jobType: string, count: number) => void;
}

/** How old what is told may be, ms. A look costs two requests a job type, and one for the control topic. */
const LOOK_EVERY_MS = 60_000;

/**
 * Counts the dead letters there are, and the records of replays, from what the topics say: it is true after a restart,
 * and whoever else has sent, replayed or discarded them. Looks when it is asked, at most once a minute, and never makes
 * who asks wait.
 */
export class LetterWatch {
  readonly #parts: LetterWatchParts;
  #control: Promise<ControlLog> | undefined;
  #progress: ReadonlyMap<string, ReplayProgress> = new Map();
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #isFailing = false;
  #isClosed = false;

  constructor(parts: LetterWatchParts) {
    this.#parts = parts;
  }

  /** How far replays are, by job type, as of the last look. */
  get progress(): ReadonlyMap<string, ReplayProgress> {
    return this.#progress;
  }

  /** Looks in the background, when the last look is old. */
  look(): void {
    const { clock, jobTypes } = this.#parts;
    if (jobTypes.length === 0) return;
    const nowMs = clock.nowMs();
    if (this.#isClosed || this.#looking !== undefined || nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return;
    this.#lookedAtMs = nowMs;
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined;
    });
  }

  /** Resolves when no look is under way. */
  async settled(): Promise<void> {
    await this.#looking;
  }

  /** Looks no more; resolves when the last look is over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.settled();
    await (await this.#control)?.close();
  }

  async #look(): Promise<void> {
    const { log } = this.#parts;
    try {
      await this.#count();
      this.#isFailing = false;
    } catch (error) {
      // What was counted last stays; the next look tries again.
      if (!this.#isFailing && !this.#isClosed)
        log.warn('metrics: dead letters cannot be counted for now', factsOf(error));
      this.#isFailing = true;
    }
  }

  async #count(): Promise<void> {
    const { ns, broker, clock, log, jobTypes, onCount } = this.#parts;
    const keeps = (subject: string): boolean =>
      subject.startsWith(letterSubjects.all) || subject.startsWith(subjects.all);
    this.#control ??= openControlLog({ ns, broker, clock, log, keeps });
    const control = await this.#control;
    const ledger = await readLetterLedger(control);
    this.#progress = replayProgress(await control.read(subjects.all));
    for (const jobType of jobTypes) {
      if (this.#isClosed) return;
      let open = 0;
      for (const { low, high, ...at } of await broker.admin.offsetRanges(names.deadLetters(ns, jobType)))
        open += Number(high - low) - ledger.goneFrom(at, low);
      onCount(jobType, Math.max(0, open));
    }
  }
}
