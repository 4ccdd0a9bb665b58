import type { Clock } from '../../core/clock.ts';
import type { LimitStore, LockOwner, LockRequest } from '../../core/ports/limits.ts';
import { BatchStage } from '../batch-stage.ts';
import type { Entry } from '../entry.ts';
import { ReturnStage } from './return-stage.ts';
import type { Insist } from './slot-keeper.ts';

export interface LockDeskParts {
  readonly store: LimitStore;
  readonly clock: Clock;
  readonly insist: Insist;
  /** How often held locks are renewed, ms. */
  readonly heartbeatMs: number;
  readonly onError: (error: unknown) => void;
}

/** A lock that is asked for, and who is told. */
export interface LockWish {
  readonly entry: Entry;
  readonly lock: LockRequest;
  /** The entry has the lock. */
  locked(): void;
  /** Somebody else has it, for as long as that. */
  held(leftMs: number): void;
  /** Somebody else has it although it was ours. */
  lost(): void;
  /** Given back. */
  unlocked(): void;
}

/** Takes, renews and gives back the locks of a process: for many jobs at once. */
export class LockDesk {
  readonly #parts: LockDeskParts;
  readonly #pending = new Map<Entry, LockWish>();
  readonly #held = new Map<Entry, LockWish>();
  readonly #asked: BatchStage<LockWish>;
  readonly #returned: ReturnStage<{ readonly owner: LockOwner; readonly done: () => void }>;
  #cancel: (() => void) | undefined;
  #isRenewing = false;
  #closed = false;

  constructor(parts: LockDeskParts) {
    this.#parts = parts;
    this.#asked = new BatchStage((batch) => this.#ask(batch), parts.onError);
    this.#returned = new ReturnStage((batch) => this.#unlock(batch), parts.onError);
  }

  /** Asks for a lock. */
  ask(wish: LockWish): void {
    this.#pending.set(wish.entry, wish);
    this.#asked.add(wish);
  }

  /** Whether the entry asks for a lock and has no answer yet. */
  isAsking(entry: Entry): boolean {
    return this.#pending.has(entry);
  }

  /** Gives the lock of an entry back, or asks for it no more; answers whether there was one. */
  leave(entry: Entry): boolean {
    const wish = this.#held.get(entry) ?? this.#pending.get(entry);
    if (wish === undefined) return false;
    this.#held.delete(entry);
    this.#pending.delete(entry);
    this.#giveBack(wish);
    return true;
  }

  /** Resolves when what was given back is in the store. */
  async stop(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    await this.#returned.drained();
  }

  async #ask(batch: readonly LockWish[]): Promise<void> {
    const { store, clock, insist } = this.#parts;
    let askedMs = 0;
    const answers = await insist('lock', () => {
      askedMs = clock.nowMs();
      return store.lock(batch.map(({ lock }) => lock));
    });
    const pastMs = clock.nowMs() - askedMs;
    for (const [index, wish] of batch.entries()) {
      const answer = answers[index];
      if (answer === undefined) throw new RangeError(`asked ${batch.length}, answered ${answers.length}`);
      // Left meanwhile: what was asked for may have come after it was given back.
      if (this.#pending.get(wish.entry) !== wish) this.#giveBack(wish);
      else if (answer.kind === 'locked' && pastMs > wish.lock.ttlMs / 2) this.#asked.add(wish);
      else this.#answered(wish, answer.kind === 'held' ? answer.untilMs - answer.nowMs : undefined);
    }
  }

  #answered(wish: LockWish, heldForMs: number | undefined): void {
    this.#pending.delete(wish.entry);
    if (heldForMs !== undefined) {
      wish.held(heldForMs);
      return;
    }
    this.#held.set(wish.entry, wish);
    if (this.#cancel === undefined) this.#arm();
    wish.locked();
  }

  #giveBack(wish: LockWish): void {
    this.#returned.add({ owner: wish.lock, done: () => wish.unlocked() });
  }

  async #unlock(batch: readonly { readonly owner: LockOwner; readonly done: () => void }[]): Promise<void> {
    const { store, insist } = this.#parts;
    await insist('unlock', () =>
      store.unlock(batch.map(({ owner: { tenant, key, owner } }) => ({ tenant, key, owner }))),
    );
    for (const { done } of batch) done();
  }

  #arm(): void {
    if (this.#closed) return;
    this.#cancel = this.#parts.clock.after(this.#parts.heartbeatMs, () => {
      this.#cancel = undefined;
      if (this.#held.size === 0) return;
      this.#arm();
      if (this.#isRenewing) return;
      this.#isRenewing = true;
      this.#renew()
        .catch(this.#parts.onError)
        .finally(() => {
          this.#isRenewing = false;
        });
    });
  }

  async #renew(): Promise<void> {
    const { store, insist } = this.#parts;
    const wishes = [...this.#held.values()];
    const answers = await insist('renewLocks', () => store.renewLocks(wishes.map(({ lock }) => lock)));
    wishes.forEach((wish, index) => {
      if (this.#held.get(wish.entry) !== wish) {
        // Given back while the renewal was under way, which may have taken it anew.
        this.#giveBack(wish);
      } else if (answers[index] === 'gone') {
        this.#held.delete(wish.entry);
        wish.lost();
      }
    });
  }
}
