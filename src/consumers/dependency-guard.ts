import { dependencyOf } from '../core/dependency.ts';
import type { JobDefinition } from '../core/job.ts';
import type { ErrorSummary } from '../core/outcome.ts';
import { retryAfterMs } from '../core/retry-after.ts';
import type { Decider, FailedRun } from './decide.ts';
import type { EngineParts } from './engine-parts.ts';
import type { Entry } from './entry.ts';
import type { Teller } from './job-telling.ts';
import type { Settlement } from './settlement.ts';
import type { StateClient } from './state-client.ts';
import { again, type Step, stepOf } from './step.ts';
import type { Suspension, Suspensions } from './suspensions.ts';
import { type TellingParts, tellEvent } from './tell-record.ts';

export interface DependencyGuardParts extends TellingParts, Pick<EngineParts, 'clock' | 'log'> {
  readonly job: JobDefinition<unknown>;
  readonly state: StateClient;
  readonly teller: Teller;
  readonly decider: Decider;
  readonly settlement: Settlement;
  readonly suspensions: Suspensions;
}

/** Shorter waits are made in memory: setting aside costs two writes. */
const SET_ASIDE_FROM_MS = 2_000;

/**
 * Stops starts while what they depend on is down. No attempt is spent on it, no start is counted, and no storm breaks
 * loose when it is up again: one job tries first. What a suspended tenant has is set aside on a tier, so that it does
 * not fill the window; a type that is suspended as a whole waits where it is.
 */
export class DependencyGuard {
  readonly #parts: DependencyGuardParts;

  constructor(parts: DependencyGuardParts) {
    this.#parts = parts;
  }

  /** What becomes of an entry that may not start now; undefined when it may. */
  admit(entry: Entry, atMs: number): Promise<Step> | undefined {
    const { suspensions } = this.#parts;
    if (suspensions.size === 0) return undefined;
    const admission = suspensions.admit(entry.delivery.tenant, entry, atMs);
    if (typeof admission === 'string') return undefined;
    return this.#wait(entry, admission.suspension, { atMs, dueMs: admission.notBeforeMs });
  }

  /** When an entry may start that may not start now, epoch ms; undefined when it may. */
  notBefore(entry: Entry, atMs: number): number | undefined {
    const { suspensions } = this.#parts;
    if (suspensions.size === 0) return undefined;
    const admission = suspensions.admit(entry.delivery.tenant, entry, atMs);
    return admission === 'go' || admission === 'try' ? undefined : admission.notBeforeMs;
  }

  /** Takes note of a run that failed because something is down; answers when the next may start, epoch ms. */
  noted(entry: Entry, thrown: unknown): number {
    return this.#note(entry, thrown, this.#parts.clock.nowMs()).untilMs;
  }

  #note(entry: Entry, thrown: unknown, atMs: number): Suspension {
    const { suspension, isNew } = this.#parts.suspensions.down({
      ...{ tenant: entry.delivery.tenant, dependency: dependencyOf(thrown), nowMs: atMs },
      askedMs: retryAfterMs(thrown, atMs),
    });
    if (isNew) this.#tell(entry, 'job.suspended', suspension);
    return suspension;
  }

  /** What becomes of an entry whose run failed because something is down. */
  async down(entry: Entry, run: FailedRun, error: ErrorSummary, thrown: unknown): Promise<Step> {
    const { clock, decider, settlement, state, job } = this.#parts;
    const { delivery } = entry;
    const atMs = clock.nowMs();
    const suspension = this.#note(entry, thrown, atMs);
    const times = { atMs, dueMs: suspension.untilMs };
    if (this.#isSetAside(suspension, suspension.untilMs - atMs)) {
      const decision = decider.deferred(delivery, 'dependency_down', times, { run, error });
      return stepOf(await settlement.decide(entry, decision, run.fence));
    }
    tellEvent(this.#parts, entry, decider.failedEvent(delivery, run, error, atMs));
    await state.release({ ...delivery.claim, fence: run.fence, leaseMs: job.leaseMs });
    return again(suspension.untilMs - atMs);
  }

  /** A handler returned: what it depends on is there. */
  up(entry: Entry): void {
    const { suspensions } = this.#parts;
    if (suspensions.size === 0) return;
    for (const over of suspensions.up(entry.delivery.tenant)) this.#tell(entry, 'job.resumed', over);
  }

  /** The entry has left; if it was the one that tries, another may. */
  left(entry: Entry): void {
    const { suspensions } = this.#parts;
    if (suspensions.size > 0) suspensions.gone(entry);
  }

  async #wait(
    entry: Entry,
    suspension: Suspension,
    times: { readonly atMs: number; readonly dueMs: number },
  ): Promise<Step> {
    const { decider, settlement } = this.#parts;
    const waitMs = times.dueMs - times.atMs;
    if (!this.#isSetAside(suspension, waitMs)) return again(waitMs);
    // Nothing is decided: another copy of the job may run, and its failure must count.
    const copy = decider.forwarded(entry.delivery, 'dependency_down', times.atMs, times.dueMs);
    await settlement.publish(entry, copy);
    return stepOf('settle');
  }

  #isSetAside({ tenant }: Suspension, waitMs: number): boolean {
    return tenant !== undefined && waitMs >= SET_ASIDE_FROM_MS;
  }

  #tell(
    entry: Entry,
    type: 'job.suspended' | 'job.resumed',
    { tenant, dependency, sinceMs }: Suspension,
  ): void {
    const { teller, clock, log, job } = this.#parts;
    const scope = tenant === undefined ? 'all tenants' : 'one tenant';
    log.warn(type === 'job.suspended' ? 'starts suspended' : 'starts go on', {
      ...{ jobType: job.type, dependency, scope },
      ...(tenant === undefined ? {} : { tenant }),
    });
    const event = teller.of(entry.delivery, type, `${dependency}:${sinceMs}`, clock.nowMs(), {
      reason: dependency,
      dimensions: { scope: tenant === undefined ? 'type' : 'tenant' },
    });
    tellEvent(this.#parts, entry, event);
  }
}
