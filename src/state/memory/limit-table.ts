import type { Clock } from '../../core/clock.ts';
import type { LimitId, LockId } from '../../core/ports/limits.ts';
import type { RateState } from '../../core/start-rate.ts';
import { ExpiringMap } from './expiring-map.ts';

/** The slots of one limit. */
export interface Slots {
  /** Ends of leases, epoch ms, by holder. */
  readonly holders: Map<string, number>;
  /** Who was refused, in turn, with when it asked last. */
  readonly waiting: Map<string, number>;
}

/** What the memory store knows of limits: slots, rates and locks. */
export class LimitTable {
  readonly #slots = new Map<string, Slots>();
  readonly #rates: ExpiringMap<RateState>;
  readonly #locks: ExpiringMap<{ readonly owner: string; readonly untilMs: number }>;

  constructor(clock: Clock) {
    this.#rates = new ExpiringMap(clock);
    this.#locks = new ExpiringMap(clock);
  }

  slots(id: LimitId): Slots {
    const name = limitName(id);
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    const slots = { holders: new Map<string, number>(), waiting: new Map<string, number>() };
    this.#slots.set(name, slots);
    return slots;
  }

  forgetIfEmpty(id: LimitId): void {
    const { holders, waiting } = this.slots(id);
    if (holders.size === 0 && waiting.size === 0) this.#slots.delete(limitName(id));
  }

  rate(id: LimitId): RateState | undefined {
    return this.#rates.get(limitName(id));
  }

  setRate(id: LimitId, state: RateState, lifetimeMs: number): void {
    this.#rates.set(limitName(id), state, lifetimeMs);
  }

  lock(id: LockId): { readonly owner: string; readonly untilMs: number } | undefined {
    return this.#locks.get(lockName(id));
  }

  setLock(id: LockId, owner: string, untilMs: number, lifetimeMs: number): void {
    this.#locks.set(lockName(id), { owner, untilMs }, lifetimeMs);
  }

  deleteLock(id: LockId): void {
    this.#locks.delete(lockName(id));
  }
}

/** JSON quotes each part, so no two lists of parts read the same. */
const limitName = ({ queue, tenant }: LimitId): string =>
  JSON.stringify(tenant === undefined ? [queue] : [queue, tenant]);
const lockName = ({ tenant, key }: LockId): string => JSON.stringify([tenant, key]);
