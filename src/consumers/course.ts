import type { Ending } from './completion-stage.ts';
import type { Entry } from './entry.ts';
import type { RunFacts } from './job-telling.ts';
import type { Step } from './step.ts';

/** What a course tells the line that follows it. */
export interface CourseEvents {
  /** The entry has the right to run. */
  granted(entry: Entry): void;
  /** The entry has the right to run and is over without: it takes no slot up any more. */
  notStarted(entry: Entry): void;
  /** The entry goes the slow way: what becomes of it comes later. */
  stepping(entry: Entry, step: Promise<Step>): void;
  /** The entry is done and settled in the store. */
  over(entry: Entry): void;
  /** A programming error of ours. */
  failed(error: unknown): void;
}

/** The rules by which entries are claimed and settled: those of unordered job types, or of ordered ones. */
export interface Course {
  /** What becomes of an entry that needs no claim, or may not ask for one now; undefined when it may. */
  unclaimed(entry: Entry): Promise<Step> | undefined;
  /** Asks for the right to run; what comes of it is told by the events. */
  ask(entry: Entry): void;
  /** The handler has returned, or was not called for want of a reason; `over` or a step follows. */
  ended(entry: Entry, run: RunFacts, ending: Ending): void;
  /** What becomes of an entry whose handler threw. */
  threw(entry: Entry, run: RunFacts, runMs: number, thrown: unknown): Promise<Step>;
  /** Gives the right to run back unused: the start is not counted. */
  release(entry: Entry, run: RunFacts): Promise<Step>;
  /** What becomes of an entry whose claim was another's before it could start. */
  gone(entry: Entry): Step;
  /**
   * What becomes of an entry that found no slot, where its queue would rather skip than wait. Absent where an entry may
   * not leave before its turn: then it is skipped at its turn.
   */
  full?(entry: Entry): Promise<Step>;
}
