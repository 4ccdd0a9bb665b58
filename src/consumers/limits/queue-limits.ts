import type { AppDefinition } from '../../core/app.ts';
import type { Clock } from '../../core/clock.ts';
import { type Controls, NO_CONTROLS } from '../../core/controls.ts';
import { isEsteiraError } from '../../core/errors.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { LimitStore } from '../../core/ports/limits.ts';
import type { Log } from '../../core/ports/log.ts';
import { insist, waitOrStop } from '../backoff.ts';
import type { SlotScheduler } from '../scheduling/slot-scheduler.ts';
import type { TenantResolver } from '../tenant-resolver.ts';
import { Admission } from './admission.ts';
import { hasLimits } from './limit-book.ts';
import { LocalLocks } from './local-locks.ts';
import { LockDesk } from './lock-desk.ts';
import { SlotKeeper } from './slot-keeper.ts';
import { type GatedLine, StartGates } from './start-gates.ts';

export interface QueueLimitsParts {
  readonly app: Pick<AppDefinition, 'queues' | 'jobs'>;
  readonly store: LimitStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly slots: SlotScheduler;
  readonly tenants: Pick<TenantResolver, 'tierOf'>;
  /** A programming error of ours. */
  readonly onError: (error: unknown) => void;
}

/** Who waits for a lock looks again at least this often, ms. */
const LONGEST_LOOK_AWAY_MS = 500;
/** How long giving everything back may take, ms: a few time-outs of the store. */
const GIVE_BACK_MS = 3_000;

/** The limits and locks over all processes that the job types of this process are under. */
export class QueueLimits {
  readonly #parts: QueueLimitsParts;
  readonly #stopped = new AbortController();
  readonly #admissions = new Map<string, Admission>();
  readonly #keeper: SlotKeeper;
  readonly #desk: LockDesk;
  readonly #locks: LocalLocks;
  readonly #failing = new Set<string>();
  #controls = NO_CONTROLS;
  readonly #freed = new Map<string, number>();

  constructor(parts: QueueLimitsParts) {
    const { app, store, clock, log } = parts;
    this.#parts = parts;
    const heartbeatMs = Math.min(...app.jobs.map((job) => job.heartbeatMs));
    const shared = {
      ...{ store, clock, log, heartbeatMs },
      insist: <T>(what: string, call: () => Promise<T>): Promise<T> => this.#insist(what, call),
      onError: (error: unknown): void => this.#failed(error),
    };
    this.#keeper = new SlotKeeper(shared);
    this.#desk = new LockDesk(shared);
    this.#locks = new LocalLocks(clock, LONGEST_LOOK_AWAY_MS);
    for (const queue of app.queues.values()) {
      if (!hasLimits(queue)) continue;
      const leases = app.jobs.filter((job) => job.queue === queue.name).map(({ leaseMs }) => leaseMs);
      const admission = new Admission({
        ...{ ...shared, queue, keeper: this.#keeper },
        // The longest of them: a process that lives must not lose a slot before its job's claim.
        leaseMs: Math.max(0, ...leases),
        tierOf: (tenant) => parts.tenants.tierOf(tenant),
        ruleOf: (tenant) => this.#controls.limitOf(queue.name, tenant),
        hold: () => parts.slots.hold(queue.name, 'limited'),
        allow: () => parts.slots.allow(queue.name, 'limited'),
        onFreed: (slots) => {
          this.#freed.set(queue.name, this.freedOf(queue.name) + slots);
        },
      });
      this.#admissions.set(queue.name, admission);
    }
  }

  /** What the entries of a job type must pass; undefined where there is nothing. */
  gatesOf(job: JobDefinition<unknown>, line: GatedLine): StartGates | undefined {
    const admission = this.#admissions.get(job.queue);
    if (admission === undefined && job.lock === undefined) return undefined;
    const isPaused = (): boolean => this.#controls.pauseOfType(job) !== undefined;
    return new StartGates({ job, line, admission, desk: this.#desk, locks: this.#locks, isPaused });
  }

  /** Whether anything in this process is under a limit or a lock. */
  get inUse(): boolean {
    return this.#admissions.size > 0 || this.#parts.app.jobs.some(({ lock }) => lock !== undefined);
  }

  /** The rules of operators have changed, those about limits perhaps among them. */
  obey(controls: Controls): void {
    const words = (one: Controls): string => JSON.stringify(one.limits);
    const isSame = words(controls) === words(this.#controls);
    this.#controls = controls;
    if (!isSame) for (const admission of this.#admissions.values()) admission.rulesChanged();
  }

  /** What cannot be asked now of the limits and locks that a job type is under; empty when all can. */
  outagesOf({ queue, lock }: Pick<JobDefinition<unknown>, 'queue' | 'lock'>): readonly string[] {
    if (!this.#admissions.has(queue) && lock === undefined) return [];
    return [...this.#failing].map((what) => `limits out of reach: ${what}`);
  }

  /** Slots of a queue that dead processes had, and this one has freed. */
  freedOf(queue: string): number {
    return this.#freed.get(queue) ?? 0;
  }

  /** Gives back what no handler uses any more; resolves when the store has it, or does not answer. */
  async stop(): Promise<void> {
    const { clock } = this.#parts;
    for (const admission of this.#admissions.values()) admission.close();
    const { signal } = this.#stopped;
    const given = Promise.all([this.#keeper.stop(), this.#desk.stop()]);
    await Promise.race([given, waitOrStop(clock, GIVE_BACK_MS, signal)]);
    this.#stopped.abort();
  }

  #insist<T>(what: string, call: () => Promise<T>): Promise<T> {
    const { clock, log } = this.#parts;
    const onOutage = (_what: string, down: boolean): void => this.#outage(what, down);
    return insist({ clock, log, stopped: this.#stopped.signal, onOutage }, `limits: ${what}`, call);
  }

  /** While the limits cannot be asked, nothing starts that is under them. */
  #outage(what: string, down: boolean): void {
    if (down) this.#failing.add(what);
    else this.#failing.delete(what);
    for (const admission of this.#admissions.values()) admission.outage(this.#failing.size > 0);
  }

  #failed(error: unknown): void {
    if (isEsteiraError(error, 'ESTEIRA_CLOSED') || this.#stopped.signal.aborted) return;
    this.#parts.onError(error);
  }
}
