import type { Clock } from '../core/clock.ts';
import type { EsteiraError } from '../core/errors.ts';
import type { Log } from '../core/ports/log.ts';
import type { TelemetryRecord } from '../core/ports/telemetry.ts';
import type { OutageGate } from './outage-gate.ts';

/** How many reports of all runs of a process may wait while telemetry is not written. */
export const MOST_REPORTS_WAITING = 1_000;
/** A writer that tries on by itself says nothing of it: one that takes longer than this does not work, ms. */
const STUCK_AFTER_MS = 1_000;

type Done = (error?: EsteiraError) => void;

/** The newest report of a run that has no place among those that wait. */
interface Kept {
  readonly record: TelemetryRecord;
  readonly done: Done;
}

/** A report on its way. */
interface Waiting {
  readonly sinceMs: number;
}

/**
 * Lets the progress of runs through the gate as all else is, until too many reports wait and are not written: then each
 * run keeps its newest, and the one that it replaces is dropped and counted. So what waits in an outage is bounded by
 * {@link MOST_REPORTS_WAITING}, what its first second brought, and one report a run; the last report of a run is never
 * dropped.
 */
export class ProgressValve {
  readonly #gate: OutageGate<TelemetryRecord>;
  readonly #clock: Clock;
  readonly #log: Log;
  /** The oldest first. */
  readonly #waiting = new Set<Waiting>();
  readonly #kept = new Map<string, Kept>();
  #dropped = 0;
  /** Those of this outage, and when the first had to be kept back. */
  #outage: { readonly sinceMs: number; dropped: number } | undefined;

  constructor(gate: OutageGate<TelemetryRecord>, clock: Clock, log: Log) {
    this.#gate = gate;
    this.#clock = clock;
    this.#log = log;
  }

  /** How many reports were dropped since the start of the process. */
  get dropped(): number {
    return this.#dropped;
  }

  /** `done` is called when the report is durable, or has given way to a newer one of its run. */
  pass(run: string, record: TelemetryRecord, done: Done): void {
    const older = this.#kept.get(run);
    // A newer report behind one that is kept takes its place, or the older one would be told last.
    if (older === undefined && !this.#isFull) this.#let(record, done);
    else this.#keep(run, { record, done }, older);
  }

  get #isFull(): boolean {
    if (this.#waiting.size < MOST_REPORTS_WAITING) return false;
    if (this.#gate.isHolding) return true;
    const [oldest] = this.#waiting;
    return oldest !== undefined && this.#clock.nowMs() - oldest.sinceMs > STUCK_AFTER_MS;
  }

  #let(record: TelemetryRecord, done: Done): void {
    const waiting = { sinceMs: this.#clock.nowMs() };
    this.#waiting.add(waiting);
    this.#gate.pass(record, (error) => {
      this.#waiting.delete(waiting);
      done(error);
      this.#letNext();
    });
  }

  #keep(run: string, kept: Kept, older: Kept | undefined): void {
    this.#kept.set(run, kept);
    this.#outage ??= { sinceMs: this.#clock.nowMs(), dropped: 0 };
    if (older === undefined) return;
    this.#dropped += 1;
    this.#outage.dropped += 1;
    setImmediate(older.done); // as after a write: never before `pass` has returned
  }

  /** While any is kept, so many wait that one of them comes by here. */
  #letNext(): void {
    if (this.#outage === undefined) return;
    for (const [run, { record, done }] of this.#kept) {
      if (this.#isFull) return;
      this.#kept.delete(run);
      this.#let(record, done);
    }
    this.#tellEnd(this.#outage);
  }

  #tellEnd({ sinceMs, dropped: reports }: { readonly sinceMs: number; readonly dropped: number }): void {
    this.#outage = undefined;
    if (reports === 0) return;
    this.#log.warn('telemetry.progress_dropped', { reports, outageMs: this.#clock.nowMs() - sinceMs });
  }
}
