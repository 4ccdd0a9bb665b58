import type { Clock } from '../../core/clock.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { ReportFacts } from '../../core/report.ts';
import { RunReport } from '../run-report.ts';

/** What a handler in a thread has said of its attempt. */
export interface SaidInThread {
  /** All of it so far. */
  readonly facts: ReportFacts;
  /** What was counted since the last time, by kind of cost. */
  readonly quantities: Readonly<Record<string, number>>;
}

/** How often what a handler says leaves its thread at most, ms; so much of it may be lost with the thread. */
const EVERY_MS = 100;

const nothing = (): void => undefined;

/** The report of a run in a thread, passed on as it grows: a thread that is ended has nothing to say any more. */
export class ReportForwarder {
  /** Of this run. */
  readonly report: RunReport;
  readonly #clock: Clock;
  readonly #pass: (said: SaidInThread) => void;
  readonly #startedMs: number;
  #passedAtMs = Number.NEGATIVE_INFINITY;
  #passed: ReadonlyMap<string, number> = new Map();
  #isWaiting = false;
  #cancel = nothing;

  constructor(
    clock: Clock,
    job: Pick<JobDefinition<unknown>, 'type' | 'cost'>,
    pass: (said: SaidInThread) => void,
  ) {
    this.#clock = clock;
    this.#pass = pass;
    this.#startedMs = clock.nowMs();
    this.report = new RunReport(job, () => this.#said());
  }

  /** The run is over: what it says at its end, and what still waits, is passed on. */
  end(): void {
    const atMs = this.#clock.nowMs();
    this.report.end({ runMs: Math.max(0, atMs - this.#startedMs), atMs });
    if (this.#isWaiting) this.#flush();
  }

  #said(): void {
    const passedMs = this.#clock.nowMs() - this.#passedAtMs;
    const wasWaiting = this.#isWaiting;
    this.#isWaiting = true;
    // A timer does not fire while a handler computes: what is said next takes the rest along.
    if (passedMs >= EVERY_MS || passedMs < 0) this.#flush();
    else if (!wasWaiting) this.#cancel = this.#clock.after(EVERY_MS - passedMs, () => this.#flush());
  }

  #flush(): void {
    this.#isWaiting = false;
    this.#cancel();
    this.#cancel = nothing;
    this.#passedAtMs = this.#clock.nowMs();
    const { facts, quantities } = this.report;
    const since = [...quantities].map(([kind, sum]) => [kind, sum - (this.#passed.get(kind) ?? 0)]);
    this.#passed = new Map(quantities);
    this.#pass({ facts, quantities: Object.fromEntries(since) });
  }
}
