import type { DeadLetterGuardPolicy } from '../../core/dead-letter-guard.ts';

/** Too much of what was decided last is dead. */
export interface Alarm {
  /** Whose nearly all of it is; undefined when it is of several tenants. */
  readonly tenant: string | undefined;
  readonly dead: number;
  /** Of so many decisions; the same as `dead` when they died in a row. */
  readonly of: number;
}

/** From this share on, the dead ones of one tenant are its own affair. */
const OWN_SHARE = 0.9;
/** Tenants whose dead ones in a row are counted, at most: one that is forgotten counts anew. */
const MOST_TENANTS = 10_000;

/**
 * The last decisions of one job type in this process, each completed or dead. Completions cost next to nothing while none
 * of them is dead. After an alarm what it was about is forgotten: what comes next is counted anew.
 */
export class DeathWatch {
  readonly #policy: DeadLetterGuardPolicy;
  /** The last decisions in a circle: the tenant of a dead one, undefined for a completed one. */
  #last: (string | undefined)[] = [];
  #next = 0;
  #dead = 0;
  /** Dead ones since anything completed. */
  #inARow = 0;
  /** Dead ones of a tenant since anything of it completed. */
  readonly #rows = new Map<string, number>();

  constructor(policy: DeadLetterGuardPolicy) {
    this.#policy = policy;
  }

  /** A job completed. */
  lived(tenant: string): void {
    if (this.#rows.size > 0) this.#rows.delete(tenant);
    if (this.#dead === 0 && this.#last.length === this.#policy.of) return;
    this.#inARow = 0;
    this.#push(undefined);
  }

  /** A job dies. Answers whether that is one too many. */
  died(tenant: string): Alarm | undefined {
    this.#push(tenant);
    this.#inARow += 1;
    const row = (this.#rows.get(tenant) ?? 0) + 1;
    if (this.#rows.size >= MOST_TENANTS && row === 1) this.#rows.clear();
    this.#rows.set(tenant, row);
    const alarm = this.#alarm(tenant, row);
    if (alarm !== undefined) this.forget(alarm.tenant);
    return alarm;
  }

  /** Counts anew: all, or what is left without a tenant's dead ones. */
  forget(tenant?: string): void {
    const kept = tenant === undefined ? [] : this.#inOrder().filter((one) => one !== tenant);
    if (tenant === undefined) this.#rows.clear();
    else this.#rows.delete(tenant);
    this.#last = kept;
    this.#next = 0;
    this.#dead = kept.filter((one) => one !== undefined).length;
    this.#inARow = kept.length - 1 - kept.lastIndexOf(undefined);
  }

  #alarm(tenant: string, row: number): Alarm | undefined {
    const { run, of, ratio } = this.#policy;
    if (this.#inARow >= run) return alarmOf(this.#inOrder().slice(-run), run);
    if (this.#last.length === of && this.#dead > ratio * of) return alarmOf(this.#inOrder(), of);
    return row >= run ? { tenant, dead: row, of: row } : undefined;
  }

  #push(decision: string | undefined): void {
    const { of } = this.#policy;
    if (this.#last.length < of) this.#last.push(decision);
    else {
      if (this.#last[this.#next] !== undefined) this.#dead -= 1;
      this.#last[this.#next] = decision;
      this.#next = (this.#next + 1) % of;
    }
    if (decision !== undefined) this.#dead += 1;
  }

  /** Oldest first. */
  #inOrder(): readonly (string | undefined)[] {
    return [...this.#last.slice(this.#next), ...this.#last.slice(0, this.#next)];
  }
}

const alarmOf = (decisions: readonly (string | undefined)[], of: number): Alarm => {
  const counts = new Map<string, number>();
  let dead = 0;
  for (const tenant of decisions) {
    if (tenant === undefined) continue;
    dead += 1;
    counts.set(tenant, (counts.get(tenant) ?? 0) + 1);
  }
  const [tenant] = [...counts].find(([, count]) => count >= OWN_SHARE * dead) ?? [];
  return { tenant, dead, of };
};
