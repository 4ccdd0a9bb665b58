import { type PauseRule, subjectOfRule } from '../../core/control-rules.ts';
import { Controls, NO_CONTROLS, withRule } from '../../core/controls.ts';
import type { JobDefinition } from '../../core/job.ts';
import { orderKeyText } from '../../core/order-key.ts';
import type { CancelReason } from '../../core/outcome.ts';
import { type QueueDefinition, type TenantLimits, tenantLimitsOf } from '../../core/queue.ts';
import type { Entry } from '../entry.ts';
import { bornMs } from '../found-error.ts';

/** A job type's line in this process, as far as operators' rules reach into it. */
export interface ControlledLine {
  readonly ready: {
    readonly ready: boolean;
    /** Entries whose tenants may start another. */
    readonly startable: number;
    standing(tenant: string): { readonly obstacles: readonly unknown[] };
    /** Starts none until `open`. */
    bar(): void;
    open(): void;
    /** Asks for the shares of all tenants anew. */
    refresh(): void;
  };
  readonly seat: {
    hold(): void;
    allow(): void;
    wake(): void;
  };
  /** Aborts the signals of runs that shall end. */
  readonly runner: { revokeWhere(ends: (entry: Entry) => boolean): void };
}

interface Joined {
  readonly job: JobDefinition<unknown>;
  readonly line: ControlledLine;
  isPaused: boolean;
}

/** What rules see of an entry. */
const ruledJob = (job: JobDefinition<unknown>, { delivery }: Entry) => ({
  jobType: job.type,
  jobId: delivery.job.id,
  tenant: delivery.tenant,
  orderKey: delivery.order && orderKeyText(delivery.order.orderKey, delivery.record.key),
  origin: delivery.origin,
  position: delivery.position,
  bornMs: bornMs(delivery),
  isReplayed: delivery.job.replayId !== undefined,
});

/**
 * Operators' rules as this process obeys them. A paused job type starts nothing: its records wait where they are, and
 * its partitions are held back once their windows are full. Of a paused tenant or key each job is looked at when its
 * turn comes, and is kept out of the others' way. What runs is let run; only a cancelled run loses its right.
 */
export class StartControl {
  #controls = NO_CONTROLS;
  /** As the control topic says. */
  #written = NO_CONTROLS;
  /** What this process itself has suspended, by subject, until the control topic says so. */
  readonly #own = new Map<string, PauseRule>();
  readonly #announce: (rule: PauseRule) => void;
  readonly #lines: Joined[] = [];
  readonly #onChange: ((controls: Controls) => void)[] = [];

  /** `announce` writes to the control topic what this process has suspended; default nobody is told. */
  constructor(announce: (rule: PauseRule) => void = () => undefined) {
    this.#announce = announce;
  }

  /** The rules as they stand. */
  get controls(): Controls {
    return this.#controls;
  }

  /** Adds a job type's line: it is held from the start where a pause stands. */
  join(job: JobDefinition<unknown>, line: ControlledLine): void {
    const joined: Joined = { job, line, isPaused: false };
    this.#lines.push(joined);
    this.#apply(joined);
  }

  /** Calls back after each change of the rules, and once now. */
  watch(onChange: (controls: Controls) => void): void {
    this.#onChange.push(onChange);
    onChange(this.#controls);
  }

  /** The rules on the control topic have changed. */
  obey(controls: Controls): void {
    this.#written = controls;
    for (const rule of controls.rules) this.#own.delete(subjectOfRule(rule));
    this.#change();
  }

  /** Pauses something by itself: here at once, in all processes as soon as it is written. */
  suspend(rule: PauseRule): void {
    this.#own.set(subjectOfRule(rule), rule);
    this.#change();
    this.#announce(rule);
  }

  /** What was suspended here was written long enough ago: from now on only the control topic counts. */
  announced(rule: PauseRule): void {
    if (this.#own.delete(subjectOfRule(rule))) this.#change();
  }

  #change(): void {
    const { rules } = this.#written;
    this.#controls = this.#own.size === 0 ? this.#written : new Controls([...this.#own.values(), ...rules]);
    for (const onChange of this.#onChange) onChange(this.#controls);
    for (const joined of this.#lines) this.#apply(joined);
  }

  /** Whether a job that has its right to run gives it back: it is to end, or was paused in the meantime. */
  keeps(job: JobDefinition<unknown>, entry: Entry): boolean {
    if (this.#controls.rules.length === 0) return false;
    return (
      this.endOf(job, entry) !== undefined ||
      this.#controls.pauseOfType(job) !== undefined ||
      this.isPaused(job, entry)
    );
  }

  /** Whether this job waits because its tenant or key is paused; one that is to end need not wait for that. */
  isPaused(job: JobDefinition<unknown>, entry: Entry): boolean {
    if (!this.#controls.pausesJobs) return false;
    const ruled = ruledJob(job, entry);
    return this.#controls.pauseOfJob(ruled) !== undefined && this.#controls.endOf(ruled) === undefined;
  }

  /** As what this job is to end without a start; undefined when it may start. */
  endOf(job: JobDefinition<unknown>, entry: Entry): CancelReason | undefined {
    if (!this.#controls.endsJobs) return undefined;
    const rule = this.#controls.endOf(ruledJob(job, entry));
    if (rule === undefined) return undefined;
    return rule.kind === 'cancel' ? 'cancelled' : 'purged';
  }

  /** Whether what waits of a tenant waits for something else than a slot: its limits, or whatever keeps all of the type. */
  isHeldBack(job: JobDefinition<unknown>, tenant: string): boolean {
    const ready = this.#lines.find((joined) => joined.job === job)?.line.ready;
    return ready !== undefined && (ready.startable === 0 || ready.standing(tenant).obstacles.length > 0);
  }

  /** What a tenant may have of a queue, as the app says and an operator may have changed. */
  shareOf(queue: QueueDefinition, tenant: string, tier: string | undefined): TenantLimits {
    return withRule(tenantLimitsOf(queue, tier), this.#controls.limitOf(queue.name, tenant));
  }

  #apply(joined: Joined): void {
    const { job, line } = joined;
    line.ready.refresh();
    const isPaused = this.#controls.pauseOfType(job) !== undefined;
    if (isPaused && !joined.isPaused) {
      line.ready.bar();
      line.seat.hold();
    } else if (!isPaused && joined.isPaused) {
      line.ready.open();
      line.seat.allow();
    }
    if (line.ready.ready) line.seat.wake();
    joined.isPaused = isPaused;
    // Purges leave what runs alone: it is not waiting any more.
    if (this.#controls.endsJobs) line.runner.revokeWhere((entry) => this.endOf(job, entry) === 'cancelled');
  }
}
