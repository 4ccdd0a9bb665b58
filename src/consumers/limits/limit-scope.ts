import { type LimitId, WAITING_MS } from '../../core/ports/limits.ts';
import type { Shutter } from './shutter.ts';

export interface LimitScopeParts {
  readonly id: LimitId;
  readonly shutter: Shutter;
  /** How long a slot outlives a process that dies, ms. */
  readonly leaseMs: number;
  /** It holds slots now. */
  readonly onHeld: (scope: LimitScope) => void;
  /** Slots that shall go back to the store. */
  readonly onSpare: (scope: LimitScope, holders: readonly string[]) => void;
}

interface IdleSlot {
  readonly holder: string;
  readonly sinceMs: number;
}

/**
 * One limit, of a queue or of a tenant in it, as this process has it: the slots it holds. A slot goes from job to job
 * without asking, until none needs it for a moment, or others wait for it.
 */
export class LimitScope {
  readonly id: LimitId;
  readonly shutter: Shutter;
  readonly leaseMs: number;
  readonly #parts: LimitScopeParts;
  /** When each slot was last asked for or renewed, epoch ms. */
  readonly #held = new Map<string, number>();
  /** Those no job uses; the one used last is last. */
  readonly #idle: IdleSlot[] = [];
  /** Slots to give up to others as their jobs end. */
  #surplus = 0;
  #refusedMs = Number.NEGATIVE_INFINITY;
  /** Those asked for under another limit: they go back as their jobs end. */
  #outdated = new Set<string>();

  constructor(parts: LimitScopeParts) {
    this.id = parts.id;
    this.shutter = parts.shutter;
    this.leaseMs = parts.leaseMs;
    this.#parts = parts;
  }

  /** Slots this process holds. */
  get held(): number {
    return this.#held.size;
  }

  get holders(): readonly string[] {
    return [...this.#held.keys()];
  }

  has(holder: string): boolean {
    return this.#held.has(holder);
  }

  /** A slot that is free here; one not renewed for long may be another's by now, and is given up. */
  take(nowMs: number): string | undefined {
    for (let slot = this.#idle.pop(); slot !== undefined; slot = this.#idle.pop()) {
      const leasedMs = this.#held.get(slot.holder);
      if (leasedMs !== undefined && nowMs - leasedMs < this.leaseMs / 2) return slot.holder;
      this.#drop([slot.holder]);
    }
    return undefined;
  }

  /** Takes in slots that were asked for at `askedMs`. */
  add(holders: readonly string[], askedMs: number, nowMs: number): void {
    for (const holder of holders) {
      this.#held.set(holder, askedMs);
      this.#idle.push({ holder, sinceMs: nowMs });
    }
    if (holders.length > 0) this.#parts.onHeld(this);
  }

  /** Says whether the store gave all that was asked for: who was refused stands in its line for a while. */
  asked(gotAll: boolean, nowMs: number): void {
    this.#refusedMs = gotAll ? Number.NEGATIVE_INFINITY : nowMs;
  }

  /** A job has ended. */
  giveBack(holder: string, nowMs: number): void {
    if (this.#outdated.delete(holder)) this.#drop([holder]);
    else if (this.#surplus > 0) {
      this.#surplus -= 1;
      this.#drop([holder]);
    } else this.#idle.push({ holder, sinceMs: nowMs });
    this.shutter.open('slots');
  }

  /** Notes a renewal. `waiting` stand in line for slots, perhaps this process among them. */
  renewed(holders: readonly string[], waiting: number, askedMs: number, nowMs: number): void {
    for (const holder of holders) if (this.#held.has(holder)) this.#held.set(holder, askedMs);
    const others = nowMs - this.#refusedMs < WAITING_MS ? waiting - 1 : waiting;
    const idle = this.#idle.splice(0, Math.max(0, others));
    this.#drop(idle.map(({ holder }) => holder));
    this.#surplus = Math.max(0, others - idle.length);
  }

  /** The limit is another now: every slot is asked for anew, those of running jobs when they end. */
  outdate(): void {
    this.giveUpIdle(Number.POSITIVE_INFINITY);
    this.#outdated = new Set(this.#held.keys());
    this.shutter.open('slots');
    this.shutter.open('starts');
  }

  /** Gives up what no job has used since `sinceMs`. */
  giveUpIdle(sinceMs: number): void {
    const used = this.#idle.findIndex((slot) => slot.sinceMs > sinceMs);
    const over = this.#idle.splice(0, used === -1 ? this.#idle.length : used);
    this.#drop(over.map(({ holder }) => holder));
  }

  #drop(holders: readonly string[]): void {
    if (holders.length === 0) return;
    for (const holder of holders) this.#held.delete(holder);
    this.#parts.onSpare(this, holders);
  }
}
