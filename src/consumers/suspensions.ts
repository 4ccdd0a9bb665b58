/** Why starts are stopped on purpose: what they depend on is down. */
export interface Suspension {
  /** The tenant it holds for; undefined when it holds for the whole job type. */
  readonly tenant: string | undefined;
  readonly dependency: string;
  /** Epoch ms. */
  readonly sinceMs: number;
  /** Epoch ms when one job may try whether it is up again. */
  readonly untilMs: number;
}

/** Whether a job may start: yes; as the one that tries; or not before a time (epoch ms). */
export type Admission = 'go' | 'try' | { readonly notBeforeMs: number; readonly suspension: Suspension };

export interface SuspensionsOptions {
  /** This many tenants suspended by one dependency suspend the whole job type; default 3. */
  readonly tenantsForAll?: number;
  /** First pause, doubled at each failed try, ms; default 1 s. */
  readonly firstPauseMs?: number;
  /** Longest pause, ms; default 1 min. What the other side asks for (`Retry-After`) may be longer. */
  readonly longestPauseMs?: number;
}

/** A failure because something is down. */
export interface Down {
  readonly tenant: string;
  readonly dependency: string;
  readonly nowMs: number;
  /** How long the other side asks to wait, ms. */
  readonly askedMs: number | undefined;
}

interface Hold {
  suspension: Suspension;
  failures: number;
  /** The job that tries now. */
  trying: object | undefined;
}

/** Others look again this soon while one tries, ms. */
const TRY_LOOK_MS = 200;
const ALL = Symbol('all tenants');

/**
 * What is suspended of one job type in this process, tenant by tenant or as a whole. While something is suspended no
 * start is made; when its pause is over one job tries, and what becomes of that one decides for all.
 */
export class Suspensions {
  readonly #options: Required<SuspensionsOptions>;
  readonly #holds = new Map<string | typeof ALL, Hold>();

  constructor(options: SuspensionsOptions = {}) {
    this.#options = { tenantsForAll: 3, firstPauseMs: 1_000, longestPauseMs: 60_000, ...options };
  }

  /** Whether a job of the tenant may start; `job` is remembered when it is the one that tries. */
  admit(tenant: string, job: object, nowMs: number): Admission {
    const hold = this.#holds.get(ALL) ?? this.#holds.get(tenant);
    if (hold === undefined) return 'go';
    const { suspension } = hold;
    if (nowMs < suspension.untilMs) return { notBeforeMs: suspension.untilMs, suspension };
    if (hold.trying !== undefined && hold.trying !== job) {
      return { notBeforeMs: nowMs + TRY_LOOK_MS, suspension };
    }
    hold.trying = job;
    return 'try';
  }

  /** A start failed because something is down. Answers what is suspended now, and whether that is new. */
  down(failure: Down): { readonly suspension: Suspension; readonly isNew: boolean } {
    const { tenant, dependency } = failure;
    const scope = this.#scopeOf(tenant, dependency);
    const hold = this.#holds.get(scope);
    // Failures of jobs that had started before the suspension say nothing new.
    if (hold !== undefined && failure.nowMs < hold.suspension.untilMs)
      return { suspension: hold.suspension, isNew: false };
    const failures = (hold?.failures ?? this.#holds.get(tenant)?.failures ?? 0) + 1;
    const suspension = {
      tenant: scope === ALL ? undefined : tenant,
      dependency,
      sinceMs: hold?.suspension.sinceMs ?? failure.nowMs,
      untilMs: failure.nowMs + this.#pauseMs(failures, failure.askedMs),
    };
    this.#holds.set(scope, { suspension, failures, trying: undefined });
    return { suspension, isNew: hold === undefined };
  }

  /** A start of the tenant got through. Answers what goes on because of it. */
  up(tenant: string): readonly Suspension[] {
    if (this.#holds.size === 0) return [];
    const all = this.#holds.get(ALL);
    const own = this.#holds.get(tenant);
    this.#holds.delete(tenant);
    if (all === undefined) return own === undefined ? [] : [own.suspension];
    // What stopped all is over for all; each tenant's own part of it was only the beginning.
    const over = [...this.#holds.values()].filter(
      ({ suspension }) => suspension.dependency === all.suspension.dependency,
    );
    for (const { suspension } of over) this.#holds.delete(suspension.tenant ?? ALL);
    return [all.suspension];
  }

  /** The job that tried has gone without an answer (it was done already, or its partition was lost). */
  gone(job: object): void {
    for (const hold of this.#holds.values()) if (hold.trying === job) hold.trying = undefined;
  }

  /** Everything that is suspended now. */
  list(): readonly Suspension[] {
    return [...this.#holds.values()].map(({ suspension }) => suspension);
  }

  get size(): number {
    return this.#holds.size;
  }

  #scopeOf(tenant: string, dependency: string): string | typeof ALL {
    if (this.#holds.has(ALL)) return ALL;
    let others = 0;
    for (const [scope, { suspension }] of this.#holds) {
      if (scope !== tenant && suspension.dependency === dependency) others += 1;
    }
    return others + 1 >= this.#options.tenantsForAll ? ALL : tenant;
  }

  #pauseMs(failures: number, askedMs = 0): number {
    const { firstPauseMs, longestPauseMs } = this.#options;
    return Math.max(askedMs, Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1)));
  }
}
