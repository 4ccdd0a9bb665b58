import type {
  CancelRule,
  ControlRule,
  LimitRule,
  PauseRule,
  PauseTarget,
  PurgeRule,
} from './control-rules.ts';
import type { QueueDefinition, TenantLimits } from './queue.ts';
import { parsePosition } from './record.ts';

/** A job as rules see it. */
export interface RuledJob {
  readonly jobType: string;
  readonly jobId: string;
  readonly tenant: string;
  /** As people know it; absent for unordered job types. */
  readonly orderKey?: string | undefined;
  /** `topic/partition/offset` of its first record. */
  readonly origin: string;
  /** `topic/partition/offset` of the copy at hand. */
  readonly position: string;
  /** When its event or dispatch came about, epoch ms. */
  readonly bornMs: number;
  /** Whether it came back from the dead letters: then its origin says nothing about when it was asked for. */
  readonly isReplayed: boolean;
}

/** All rules that stand at one moment. Pure: it never changes. */
export class Controls {
  readonly rules: readonly ControlRule[];
  /** Whether a tenant or a key is paused: only then must each job be asked for. */
  readonly pausesJobs: boolean;
  /** Whether there is anything that ends jobs before they start. */
  readonly endsJobs: boolean;
  readonly #pauses = new Map<string, PauseRule>();
  readonly #cancels = new Map<string, CancelRule>();
  readonly #purges = new Map<string, PurgeRule>();
  readonly #limits = new Map<string, LimitRule>();
  /** What dead-letter guards have suspended. */
  readonly #guarded = new Map<string, PauseRule>();

  constructor(rules: readonly ControlRule[]) {
    this.rules = rules;
    for (const rule of rules) {
      if (rule.kind === 'pause') this.#pause(rule);
      else if (rule.kind === 'cancel') this.#cancels.set(rule.jobId, rule);
      else if (rule.kind === 'purge') this.#purges.set(rule.jobType, rule);
      else this.#limits.set(limitKey(rule.queue, rule.tenant), rule);
    }
    this.pausesJobs = [...this.#pauses.values()].some(
      ({ target: { what } }) => what === 'tenant' || what === 'key',
    );
    this.endsJobs = this.#cancels.size + this.#purges.size > 0;
  }

  /** The pause that stops every job of a type: its own or that of its queue. */
  pauseOfType({ type, queue }: { readonly type: string; readonly queue: string }): PauseRule | undefined {
    return (
      this.#pauses.get(pauseKey({ what: 'queue', queue })) ??
      this.#pauses.get(pauseKey({ what: 'type', jobType: type }))
    );
  }

  /** The pause that stops one job among others of its type: that of its tenant or of its ordering key. */
  pauseOfJob(job: Pick<RuledJob, 'jobType' | 'tenant' | 'orderKey'>): PauseRule | undefined {
    const { jobType, tenant, orderKey } = job;
    return (
      this.#pauses.get(pauseKey({ what: 'tenant', tenant })) ??
      this.#pauses.get(pauseKey({ what: 'tenant', tenant, jobType })) ??
      (orderKey === undefined
        ? undefined
        : this.#pauses.get(pauseKey({ what: 'key', jobType, tenant, key: orderKey })))
    );
  }

  /** The rule by which a job is to end without a start; undefined when it may start. */
  endOf(job: RuledJob): CancelRule | PurgeRule | undefined {
    const cancel = this.#cancels.get(job.jobId);
    if (cancel !== undefined) return cancel;
    const purge = this.#purges.get(job.jobType);
    if (purge === undefined || job.bornMs > purge.atMs + CLOCK_SLACK_MS) return undefined;
    return isBefore(job.isReplayed ? job.position : job.origin, purge) ? purge : undefined;
  }

  /** Whether a dead-letter guard has suspended a job type, or a tenant's part of it. */
  isGuarded(jobType: string, tenant: string): boolean {
    if (this.#guarded.size === 0) return false;
    return (
      this.#guarded.has(pauseKey({ what: 'type', jobType })) ||
      this.#guarded.has(pauseKey({ what: 'tenant', tenant, jobType }))
    );
  }

  /** What dead-letter guards have suspended: of one job type, or of all. */
  guarded(jobType?: string): readonly PauseRule[] {
    const all = [...this.#guarded.values()];
    return jobType === undefined
      ? all
      : all.filter(({ target }) => target.what !== 'queue' && target.jobType === jobType);
  }

  /** The limits an operator has set for a queue, or for a tenant in it. */
  limitOf(queue: string, tenant?: string): LimitRule | undefined {
    return this.#limits.size === 0 ? undefined : this.#limits.get(limitKey(queue, tenant));
  }

  #pause(rule: PauseRule): void {
    const key = pauseKey(rule.target);
    this.#pauses.set(key, rule);
    // Of two rules for one thing the later one holds.
    if (rule.guard === undefined) this.#guarded.delete(key);
    else this.#guarded.set(key, rule);
  }

  /** Every rule about limits. */
  get limits(): readonly LimitRule[] {
    return [...this.#limits.values()];
  }
}

/** Asked for each job, so it is put together without encoding. */
const pauseKey = (target: PauseTarget): string => {
  switch (target.what) {
    case 'queue':
      return `queue\0${target.queue}`;
    case 'type':
      return `type\0${target.jobType}`;
    case 'tenant':
      return `tenant\0${target.tenant}\0${target.jobType ?? ''}`;
    case 'key':
      return `key\0${target.jobType}\0${target.tenant}\0${target.key}`;
  }
};

const limitKey = (queue: string, tenant = ''): string => `${queue}\0${tenant}`;

/** A topic that was made anew counts from 0 again: what came about after the purge is none of its business. */
const CLOCK_SLACK_MS = 300_000;

/** No rules. */
export const NO_CONTROLS = new Controls([]);

const isBefore = (position: string, { ends }: PurgeRule): boolean => {
  const at = parsePosition(position);
  if (at === undefined) return false;
  const end = ends[`${at.topic}/${at.partition}`];
  return end !== undefined && at.offset < BigInt(end);
};

/** What remains of the app's limits where an operator has set others; what the rule does not name stays the app's. */
export const withRule = <
  T extends Pick<TenantLimits | QueueDefinition, 'concurrency' | 'limit' | 'startRate'>,
>(
  limits: T,
  rule: LimitRule | undefined,
): T => {
  if (rule === undefined) return limits;
  const { concurrency, limit, startRate } = rule;
  return {
    ...limits,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(limit === undefined ? {} : { limit }),
    ...(startRate === undefined ? {} : { startRate }),
  };
};
