import type { Clock } from '../core/clock.ts';
import type { EsteiraError } from '../core/errors.ts';
import type { JobSettings } from '../core/settings.ts';
import { Deadlines } from './deadlines.ts';
import type { EngineParts } from './engine-parts.ts';
import type { Entry } from './entry.ts';
import { Execution, type ExecutionParts, type RunEnd } from './execution.ts';
import { HandlerLogs } from './handler-log.ts';
import type { RunFacts, Teller } from './job-telling.ts';
import { progressEvent, type ToldProgress } from './progress-event.ts';
import { type TellingParts, tellEvent, tellProgress } from './tell-record.ts';

export interface RunnerParts
  extends TellingParts,
    Pick<EngineParts, 'app' | 'log' | 'settings' | 'onFatal' | 'around' | 'slots'>,
    Pick<ExecutionParts, 'job'> {
  readonly clock: Clock;
  readonly jobSettings: JobSettings;
  readonly teller: Teller;
  /** The handler has ended; told once, perhaps before `run` has returned. */
  readonly onEnd: (entry: Entry, run: RunFacts, end: RunEnd) => void;
}

/** With more than half of the slots hung for so long, the process is of no more use, ms. */
const CHOKED_FOR_MS = 5_000;

/** Runs handlers: each start is told, timed, and can be taken back. */
export class Runner {
  readonly #parts: RunnerParts;
  readonly #execution: ExecutionParts;
  readonly #deadlines: Deadlines<Execution>;
  #running = 0;
  #cancelChoked: () => void = () => undefined;
  /** Which time of having too few slots is waited for. */
  #choked = 0;
  #whenNone: (() => void)[] = [];

  constructor(parts: RunnerParts) {
    const { app, job, log, clock, settings, jobSettings, onFatal, around } = parts;
    const timeoutMs = jobSettings.attemptTimeoutMs;
    this.#parts = parts;
    this.#deadlines = new Deadlines<Execution>(clock, timeoutMs);
    this.#execution = {
      ...{ job, clock, timeoutMs, abandonAfterMs: settings.abandonAfterMs, onHung: onFatal },
      logs: new HandlerLogs({ log, job, tenantField: app.tenantLogField }),
      ...(around === undefined ? {} : { around }),
      onLate: (error) => this.#isLate(error),
      onEnd: (execution, end) => this.#ended(execution, end),
      onProgress: ({ entry, run, startedMs }, progress, part) =>
        this.#tellProgress(entry, run, { ...progress, part, startedMs }),
    };
  }

  /** Starts the handler of an entry that has the right to run. */
  start(entry: Entry, run: RunFacts): void {
    const nowMs = this.#parts.clock.nowMs();
    this.#tellStarted(entry, run, nowMs);
    const execution = new Execution(this.#execution, entry, run, nowMs);
    entry.execution = execution;
    this.#running += 1;
    this.#deadlines.add(execution);
    execution.start();
  }

  #ended(execution: Execution, end: RunEnd): void {
    const { entry, run } = execution;
    entry.execution = undefined;
    this.#running -= 1;
    if (end.kind === 'returned') entry.home.tally.returned.record(end.runMs / 1_000);
    if (execution.isLate) this.#parts.slots.hang(-1);
    this.#deadlines.delete(execution);
    this.#parts.onEnd(entry, run, end);
    if (this.#running > 0 || this.#whenNone.length === 0) return;
    for (const callback of this.#whenNone.splice(0)) callback();
  }

  /** One handler that hangs is waited for; when most slots hang, nothing else gets its turn, and the process must end. */
  #isLate(error: EsteiraError): void {
    const { slots, clock, settings, onFatal } = this.#parts;
    slots.hang(1);
    const { choked } = slots;
    if (choked === undefined || choked === this.#choked) return;
    this.#choked = choked;
    this.#cancelChoked();
    this.#cancelChoked = clock.after(Math.min(CHOKED_FOR_MS, settings.abandonAfterMs), () => {
      if (slots.choked === choked) onFatal(error);
    });
  }

  /** Its claim is another's. */
  revoke(entry: Entry): void {
    entry.execution?.revoke('claim-lost');
  }

  /** What an operator has cancelled: its signal aborts. */
  revokeWhere(ends: (entry: Entry) => boolean): void {
    for (const execution of this.#deadlines.all()) if (ends(execution.entry)) execution.revoke('cancelled');
  }

  /** The process stops: every signal aborts. */
  revokeAll(): void {
    for (const execution of this.#deadlines.all()) execution.revoke('stopping');
  }

  /** Resolves when no handler runs. */
  allEnded(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenNone.push(resolve));
  }

  get running(): number {
    return this.#running;
  }

  close(): void {
    this.#deadlines.close();
    this.#cancelChoked();
  }

  #tellStarted(entry: Entry, run: RunFacts, nowMs: number): void {
    const { teller } = this.#parts;
    const { delivery } = entry;
    const dueMs = delivery.job.dueMs ?? delivery.notBeforeMs;
    const waitedMs = Math.max(0, nowMs - (dueMs ?? delivery.record.timestampMs));
    const facts = { queueWaitMs: waitedMs, latenessMs: dueMs === undefined ? null : waitedMs };
    tellEvent(this.#parts, entry, teller.ofRun(delivery, 'job.started', run, nowMs, facts));
  }

  #tellProgress(entry: Entry, run: RunFacts, told: ToldProgress): void {
    const { clock, teller } = this.#parts;
    const event = progressEvent(teller, entry.delivery, run, clock.nowMs(), told);
    tellProgress(this.#parts, entry, run.executionId, event);
  }
}
