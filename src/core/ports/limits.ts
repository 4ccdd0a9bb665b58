import type { StartRate } from '../start-rate.ts';

/**
 * The limits port: slots, start rates and locks over all processes. Two adapters (Redis and memory) pass one contract
 * suite (test/contract/state/limiting.ts). Every call takes a batch and answers in the same order. Every call is safe to
 * repeat; repeating `takeStarts` may waste starts and never gives too many.
 *
 * These are limits, not rights to run: a store that lost its data gives slots, starts and locks anew, and is right
 * again when those who hold some have renewed. What must happen once is what claims are for.
 */
export interface LimitStore {
  /** Asks for slots under a limit. */
  acquire(requests: readonly AcquireRequest[]): Promise<readonly AcquireAnswer[]>;
  /** Extends the leases of slots; those that were freed meanwhile are held again, even beyond the limit: their jobs run. */
  renewSlots(requests: readonly RenewSlotsRequest[]): Promise<readonly RenewSlotsAnswer[]>;
  /** Gives slots back. */
  releaseSlots(requests: readonly SlotsId[]): Promise<void>;
  /** Takes starts under a rate. */
  takeStarts(requests: readonly TakeStartsRequest[]): Promise<readonly TakeStartsAnswer[]>;
  /** Takes locks; who holds one already gets it again, with a whole lifetime. */
  lock(requests: readonly LockRequest[]): Promise<readonly LockAnswer[]>;
  /** Extends locks; `gone` when another has it. One that ended, or was lost with the store, is taken again. */
  renewLocks(requests: readonly LockRequest[]): Promise<readonly ('renewed' | 'gone')[]>;
  /** Gives locks back; nothing happens to those of others. */
  unlock(requests: readonly LockOwner[]): Promise<void>;
}

/** A state store that keeps limits too. */
export interface WithLimits {
  readonly limits: LimitStore;
}

/** What is limited: a queue, or one tenant's part of it. */
export interface LimitId {
  readonly queue: string;
  readonly tenant?: string;
}

/** Slots by who holds them. A holder is any name that is used once, such as a run's. */
export interface SlotsId extends LimitId {
  readonly holders: readonly string[];
}

export interface AcquireRequest extends SlotsId {
  /** Most slots at once. */
  readonly most: number;
  /** Who asks, such as a process: those who were refused come before others, in turn. */
  readonly asker: string;
  readonly leaseMs: number;
}

export interface AcquireAnswer {
  /** Those of the holders that have a slot now; the rest may ask again. */
  readonly granted: readonly string[];
  /** Slots of holders that did not renew, freed by this call. */
  readonly freed: number;
  /** Slots held now, by anybody. */
  readonly used: number;
  /**
   * When it is worth asking again, by the store's clock; equal to `nowMs` when all were granted. Who was refused and
   * does not ask again within {@link WAITING_MS} loses its turn; asking for no holders gives the turn away.
   */
  readonly retryAtMs: number;
  readonly nowMs: number;
}

export interface RenewSlotsRequest extends SlotsId {
  readonly leaseMs: number;
}

export interface RenewSlotsAnswer {
  /** Holders whose slots had been freed. */
  readonly lost: readonly string[];
  /** Others that wait for slots: who keeps slots from job to job should give some back. */
  readonly waiting: number;
}

export interface TakeStartsRequest extends LimitId {
  readonly rate: StartRate;
  readonly wanted: number;
}

export interface TakeStartsAnswer {
  readonly granted: number;
  /** When the next may be had, by the store's clock; equal to `nowMs` when all were granted. */
  readonly nextMs: number;
  readonly nowMs: number;
}

/** A lock of a tenant. */
export interface LockId {
  readonly tenant: string;
  readonly key: string;
}

export interface LockOwner extends LockId {
  /** Names the run that holds it. */
  readonly owner: string;
}

export interface LockRequest extends LockOwner {
  readonly ttlMs: number;
}

export type LockAnswer =
  | { readonly kind: 'locked' }
  | { readonly kind: 'held'; readonly untilMs: number; readonly nowMs: number };

/** How often who was refused a slot should ask again, ms. */
export const ASK_AGAIN_MS = 100;
/** After so long without asking, who was refused has lost its turn, ms. */
export const WAITING_MS = 1_000;
