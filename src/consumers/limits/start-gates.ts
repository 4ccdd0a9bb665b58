import { UnrecoverableError } from '../../core/handler-errors.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { JobLock } from '../../core/job-policy.ts';
import type { Entry } from '../entry.ts';
import type { RunFacts } from '../job-telling.ts';
import type { FairQueue } from '../scheduling/fair-queue.ts';
import type { Seat } from '../scheduling/slot-scheduler.ts';
import type { Step } from '../step.ts';
import type { Admission, AdmittedLine, HeldSlot } from './admission.ts';
import type { LocalLocks } from './local-locks.ts';
import type { LockDesk } from './lock-desk.ts';

/** The rules of the entries' job type, as far as gates need them. */
interface GatedCourse {
  threw(entry: Entry, run: RunFacts, runMs: number, thrown: unknown): Promise<Step>;
  release(entry: Entry, run: RunFacts): Promise<Step>;
}

/** What a line of entries does for its gates. */
export interface GatedLine {
  readonly course: GatedCourse;
  readonly ready: FairQueue<Entry>;
  readonly seat: Seat;
  readonly runner: { start(entry: Entry, run: RunFacts): void; revoke(entry: Entry): void };
  /** Whether the entry is still this process's to start. */
  mayStart(entry: Entry): boolean;
  /** The entry, which has a slot, asks for its claim. */
  begin(entry: Entry): void;
  /** Skips an entry that may not start now; undefined where it waits. */
  readonly full: ((entry: Entry) => void) | undefined;
  /** Gives the slot up, without a claim. */
  letGo(entry: Entry): void;
  /** Gives the slot up, and the claim. */
  giveBack(entry: Entry): void;
  take(entry: Entry, step: Promise<Step>): void;
  again(entry: Entry): void;
}

export interface StartGatesParts {
  readonly job: JobDefinition<unknown>;
  readonly line: GatedLine;
  /** Undefined where its queue has no limits over all processes. */
  readonly admission: Admission | undefined;
  readonly desk: LockDesk;
  readonly locks: LocalLocks;
  /** Whether the job type, or its queue, is paused. */
  readonly isPaused: () => boolean;
}

/** A lock by what it is called among this process's. */
interface NamedLock {
  readonly key: string;
  readonly name: string;
}

/**
 * What stands between a slot of the process and the claim (limits of queue and tenant over all processes), and between
 * the claim and the handler (the lock), for one job type. Only job types with limits or locks have any.
 */
export class StartGates implements AdmittedLine {
  readonly #parts: StartGatesParts;
  readonly #slots = new Map<Entry, readonly HeldSlot[]>();
  readonly #named = new Map<Entry, NamedLock>();
  /** Those that wait for a lock without a claim. */
  readonly #waiting = new Set<Entry>();

  constructor(parts: StartGatesParts) {
    this.#parts = parts;
    parts.admission?.join(this);
  }

  /** An entry has a slot of the process. */
  enter(entry: Entry): void {
    const { admission, line, job } = this.#parts;
    if (job.lock !== undefined && this.#waitsForLock(entry, job.lock)) return;
    if (admission === undefined) line.begin(entry);
    else admission.ask(entry, this);
  }

  /** An entry has its claim. */
  start(entry: Entry, run: RunFacts): void {
    const { line, job, desk, locks, isPaused } = this.#parts;
    const { lock } = job;
    if (lock === undefined) {
      line.runner.start(entry, run);
      return;
    }
    const named = this.#named.get(entry) ?? nameOf(entry, lock);
    if (named instanceof UnrecoverableError) {
      line.take(entry, line.course.threw(entry, run, 0, named));
      return;
    }
    this.#named.set(entry, named);
    const { key, name } = named;
    const { tenant } = entry.delivery;
    desk.ask({
      entry,
      lock: { tenant, key, owner: run.executionId, ttlMs: lock.ttlMs },
      locked: () =>
        line.mayStart(entry) && !isPaused() ? line.runner.start(entry, run) : line.giveBack(entry),
      held: (leftMs) => {
        locks.heldElsewhere(name, leftMs);
        line.take(entry, this.#comeAgain(entry, name, line.course.release(entry, run)));
      },
      lost: () => line.runner.revoke(entry),
      unlocked: () => locks.free(name, entry),
    });
  }

  /** Whether an entry waits for something else than a slot: its lock, or limits that are out of reach. */
  waits(entry: Entry): boolean {
    return this.#waiting.has(entry) || this.#parts.admission?.isDown === true;
  }

  /** The claim of an entry is another's; answers whether the entry was still to get its lock. */
  claimGone(entry: Entry): boolean {
    return this.#parts.desk.isAsking(entry);
  }

  /** An entry has no slot of the process any more. */
  leave(entry: Entry): void {
    const slots = this.#slots.get(entry);
    if (slots !== undefined) {
      this.#slots.delete(entry);
      this.#parts.admission?.leave(slots);
    }
    const named = this.#named.get(entry);
    if (named === undefined) return;
    this.#named.delete(entry);
    if (!this.#parts.desk.leave(entry)) this.#parts.locks.free(named.name, entry);
  }

  admitted(entry: Entry, slots: readonly HeldSlot[]): void {
    const { line } = this.#parts;
    this.#slots.set(entry, slots);
    if (line.mayStart(entry)) line.begin(entry);
    else line.letGo(entry);
  }

  refused(entry: Entry): void {
    const { line } = this.#parts;
    if (!line.mayStart(entry) || line.full !== undefined) {
      line.letGo(entry);
      if (line.mayStart(entry)) line.full?.(entry);
      return;
    }
    this.leave(entry);
    entry.holds = 'nothing';
    line.ready.putBack(entry, entry.delivery.tenant, entry.delivery.priority);
    line.seat.release();
    this.wake();
  }

  hold(tenant: string): void {
    this.#parts.line.ready.hold(tenant, 'limited');
  }

  allow(tenant: string): void {
    this.#parts.line.ready.allow(tenant, 'limited');
    this.wake();
  }

  wake(): void {
    const { ready, seat } = this.#parts.line;
    if (ready.ready) seat.wake();
  }

  /** What cannot have its lock does not ask for its claim. */
  #waitsForLock(entry: Entry, lock: JobLock<unknown>): boolean {
    const { line, locks } = this.#parts;
    if (entry.delivery.deadOnArrival !== undefined) return false;
    const named = nameOf(entry, lock);
    // Said after the claim, when it can be a failure.
    if (named instanceof UnrecoverableError) return false;
    if (locks.claim(named.name, entry)) {
      this.#named.set(entry, named);
      return false;
    }
    this.#waiting.add(entry);
    line.letGo(entry);
    locks.whenFree(named.name, () => {
      this.#waiting.delete(entry);
      line.again(entry);
    });
    return true;
  }

  /** The entry goes on with the step when the lock may be free. */
  async #comeAgain(entry: Entry, name: string, released: Promise<Step>): Promise<Step> {
    const { line, locks } = this.#parts;
    const step = await released;
    if (step.kind === 'settle') return step;
    const goOn = (): void => {
      if (step.kind === 'report') step.report();
      else line.again(entry);
    };
    return { kind: 'report', report: () => locks.whenFree(name, goOn) };
  }
}

/** The name of an entry's lock; what is wrong with the app's key function, without its words: they may quote the payload. */
const nameOf = ({ delivery }: Entry, lock: JobLock<unknown>): NamedLock | UnrecoverableError => {
  try {
    const key: unknown = lock.key(delivery.payload);
    if (typeof key === 'string' && key !== '') return { key, name: JSON.stringify([delivery.tenant, key]) };
    return new UnrecoverableError('lock.key gave no text: all such jobs would exclude each other');
  } catch (error) {
    return new UnrecoverableError(`lock.key threw ${error instanceof Error ? error.name : typeof error}`);
  }
};
