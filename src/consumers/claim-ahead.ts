import type { Clock } from '../core/clock.ts';
import { FairQueue } from './scheduling/fair-queue.ts';

/** Claims made ahead of a free slot wait at most about this long for one, ms. */
const HORIZON_MS = 20;
const MEASURE_MS = 50;
/** More would not make it faster: what is under way is objects that live too long to be collected cheaply. */
const MOST_AHEAD = 192;

/** Has a claim. */
interface Claimed {
  /** Epoch ms when the claim was asked for or renewed last. */
  readonly leasedAtMs: number;
  readonly delivery: { readonly tenant: string; readonly priority: number };
}

/**
 * How many jobs may be claimed before a slot is free for them: as many as were lately done in the time of a few round
 * trips. So short jobs do not wait for claims, and long ones are never claimed before they can start (a claim of a
 * process that dies counts as a start); and what is claimed and has no slot yet.
 */
export class ClaimAhead<T extends Claimed> {
  readonly #clock: Pick<Clock, 'nowMs'>;
  #sinceMs = 0;
  #ended = 0;
  #allowance = 0;
  /** Those that have a claim and wait, in the order granted; of them, those that are not among the turns. */
  readonly #granted = new Set<T>();
  #unturned: T[] = [];
  /** Where not all find a slot they take turns: what one tenant has claimed ahead is not before what another has. */
  readonly #turns: FairQueue<T>;
  /** The clock was looked at in this turn of the event loop, in which hundreds may be claimed. */
  #isFresh = false;
  readonly #age = (): void => {
    this.#isFresh = false;
  };

  /** `weightOf`: how many starts a turn a tenant has. */
  constructor(clock: Pick<Clock, 'nowMs'>, weightOf: (tenant: string) => number | undefined) {
    this.#clock = clock;
    this.#turns = new FairQueue({
      alive: (one) => this.#granted.has(one),
      shareOf: (tenant) => ({ weight: weightOf(tenant) }),
    });
  }

  /** A handler has ended. */
  ended(): void {
    this.#ended += 1;
  }

  get allowance(): number {
    if (!this.#isFresh) this.#measure();
    return this.#allowance;
  }

  #measure(): void {
    this.#isFresh = true;
    setImmediate(this.#age);
    const nowMs = this.#clock.nowMs();
    const pastMs = nowMs - this.#sinceMs;
    if (pastMs < MEASURE_MS) return;
    this.#allowance = Math.min(MOST_AHEAD, Math.floor((this.#ended / pastMs) * HORIZON_MS));
    this.#sinceMs = nowMs;
    this.#ended = 0;
  }

  /** One has its claim, and waits for a slot. */
  granted(one: T): void {
    this.#granted.add(one);
    this.#unturned.push(one);
  }

  /** The next that has a claim and waits, where `slots` are free. */
  take(slots: number): T | undefined {
    const next =
      this.#turns.size > 0 || this.#unturned.length > slots ? this.#nextTurn() : this.#nextGranted();
    if (next !== undefined) this.#granted.delete(next);
    return next;
  }

  #nextTurn(): T | undefined {
    for (const one of this.#unturned.splice(0))
      this.#turns.push(one, one.delivery.tenant, one.delivery.priority);
    const next = this.#turns.shift();
    if (next !== undefined) this.#turns.ended(next.delivery.tenant);
    return next;
  }

  #nextGranted(): T | undefined {
    for (let one = this.#unturned.shift(); one !== undefined; one = this.#unturned.shift())
      if (this.#granted.has(one)) return one;
    return undefined;
  }

  takeAll(): readonly T[] {
    const all = [...this.#granted];
    this.#granted.clear();
    return all;
  }

  /** Those whose claims were asked for at `sinceMs` or before. */
  takeOlder(sinceMs: number): readonly T[] {
    const older = [...this.#granted].filter(({ leasedAtMs }) => leasedAtMs <= sinceMs);
    for (const one of older) this.#granted.delete(one);
    return older;
  }

  /** Whether it waited; it does so no more. */
  forget(one: T): boolean {
    return this.#granted.delete(one);
  }
}
