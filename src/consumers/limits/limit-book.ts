import type { Clock } from '../../core/clock.ts';
import type { LimitRule } from '../../core/control-rules.ts';
import { withRule } from '../../core/controls.ts';
import { type QueueDefinition, type TenantLimits, tenantLimitsOf } from '../../core/queue.ts';
import type { StartRate } from '../../core/start-rate.ts';
import { LimitScope } from './limit-scope.ts';
import { Shutter } from './shutter.ts';
import type { SlotKeeper } from './slot-keeper.ts';

/** A line of entries that is told when a tenant, or all, may start or not. */
export interface HeldLine {
  /** Starts no more of a tenant, until `allow`. */
  hold(tenant: string): void;
  allow(tenant: string): void;
  /** There may be something to start. */
  wake(): void;
}

export interface LimitBookParts {
  readonly clock: Clock;
  readonly queue: QueueDefinition;
  readonly keeper: SlotKeeper;
  /** How long a slot outlives a process that dies, ms. */
  readonly leaseMs: number;
  readonly tierOf: (tenant: string) => string | undefined;
  /** What an operator has set for the queue, or for a tenant in it. */
  readonly ruleOf: (tenant?: string) => LimitRule | undefined;
  /** Starts none of the queue in this process until `allow`. */
  readonly hold: () => void;
  readonly allow: () => void;
  readonly lines: readonly HeldLine[];
}

/** One limit that a start is under. */
export interface Term {
  readonly scope: LimitScope;
  readonly limit: number | undefined;
  readonly startRate: StartRate | undefined;
}

/** Below this many tenants, looking for those without slots is not worth its time. */
const SMALLEST_SWEEP = 1_024;

/** Whether a queue has limits over all processes. */
export const hasLimits = (queue: QueueDefinition): boolean => isLimited(queue) || limitsTenants(queue);

/** Whether a tenant, of whatever tier, has limits of its own over all processes. */
const limitsTenants = ({ tenants, tiers }: QueueDefinition): boolean =>
  [tenants, ...tiers.values()].some(isLimited);

const isLimited = ({ limit, startRate }: Pick<TenantLimits, 'limit' | 'startRate'>): boolean =>
  limit !== undefined || startRate !== undefined;

/** The limits of one queue and of its tenants. */
export class LimitBook {
  /** Stops the whole queue in this process. */
  readonly shutter: Shutter;
  readonly #parts: LimitBookParts;
  readonly #queueScope: LimitScope;
  #queueTerms: readonly Term[];
  readonly #limitsTenants: boolean;
  readonly #tenants = new Map<string, LimitScope>();
  #sweepAt = SMALLEST_SWEEP;

  constructor(parts: LimitBookParts) {
    const { queue, clock, hold, allow, lines } = parts;
    this.#parts = parts;
    const allowAll = (): void => {
      allow();
      for (const line of lines) line.wake();
    };
    this.shutter = new Shutter({ clock, hold, allow: allowAll });
    this.#queueScope = this.#scopeOf({ queue: queue.name }, this.shutter);
    this.#queueTerms = this.#termsOfQueue();
    this.#limitsTenants = limitsTenants(queue);
  }

  /** The limits that a start of a tenant is under; its own goes first. */
  termsOf(tenant: string): readonly Term[] {
    const rule = this.#parts.ruleOf(tenant);
    if (!this.#limitsTenants && rule === undefined) return this.#queueTerms;
    const limits = withRule(tenantLimitsOf(this.#parts.queue, this.#parts.tierOf(tenant)), rule);
    if (!isLimited(limits)) return this.#queueTerms;
    const { limit, startRate } = limits;
    return [{ scope: this.#tenantScope(tenant), limit, startRate }, ...this.#queueTerms];
  }

  /** An operator has set other limits. */
  rulesChanged(): void {
    this.#queueTerms = this.#termsOfQueue();
    this.#queueScope.outdate();
    for (const scope of this.#tenants.values()) scope.outdate();
  }

  #termsOfQueue(): readonly Term[] {
    const queue = withRule(this.#parts.queue, this.#parts.ruleOf());
    const { limit, startRate } = queue;
    return isLimited(queue) ? [{ scope: this.#queueScope, limit, startRate }] : [];
  }

  close(): void {
    this.shutter.close();
    for (const { shutter } of this.#tenants.values()) shutter.close();
  }

  #tenantScope(tenant: string): LimitScope {
    const known = this.#tenants.get(tenant);
    if (known !== undefined) return known;
    if (this.#tenants.size >= this.#sweepAt) this.#forgetUnused();
    const { clock, lines, queue } = this.#parts;
    const hold = (): void => {
      for (const line of lines) line.hold(tenant);
    };
    const allow = (): void => {
      for (const line of lines) line.allow(tenant);
    };
    const scope = this.#scopeOf({ queue: queue.name, tenant }, new Shutter({ clock, hold, allow }));
    this.#tenants.set(tenant, scope);
    return scope;
  }

  /** Doubling keeps the cost of looking constant per tenant. */
  #forgetUnused(): void {
    for (const [tenant, { held, shutter }] of this.#tenants) {
      if (held === 0 && !shutter.isShut) this.#tenants.delete(tenant);
    }
    this.#sweepAt = Math.max(SMALLEST_SWEEP, this.#tenants.size * 2);
  }

  #scopeOf(id: LimitScope['id'], shutter: Shutter): LimitScope {
    const { keeper, leaseMs } = this.#parts;
    return new LimitScope({
      ...{ id, shutter, leaseMs },
      onHeld: (scope) => keeper.keep(scope),
      onSpare: (scope, holders) => keeper.giveBack(scope, holders),
    });
  }
}
