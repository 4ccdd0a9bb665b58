import type { Clock } from '../core/clock.ts';

/** Claims made ahead of a free slot wait at most about this long for one, ms. */
const HORIZON_MS = 20;
const MEASURE_MS = 50;
/** More would not make it faster: what is under way is objects that live too long to be collected cheaply. */
const MOST_AHEAD = 192;

/** Has a claim. */
interface Claimed {
  /** Epoch ms when the claim was asked for or renewed last. */
  readonly leasedAtMs: number;
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
  /** In the order granted. */
  #granted: T[] = [];
  /** The clock was looked at in this turn of the event loop, in which hundreds may be claimed. */
  #isFresh = false;
  readonly #age = (): void => {
    this.#isFresh = false;
  };

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock;
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
    this.#granted.push(one);
  }

  /** The next that has a claim and waits. */
  take(): T | undefined {
    return this.#granted.shift();
  }

  takeAll(): readonly T[] {
    return this.#granted.splice(0);
  }

  /** Those whose claims were asked for at `sinceMs` or before. */
  takeOlder(sinceMs: number): readonly T[] {
    const older = this.#granted.filter(({ leasedAtMs }) => leasedAtMs <= sinceMs);
    this.#granted = this.#granted.filter(({ leasedAtMs }) => leasedAtMs > sinceMs);
    return older;
  }

  /** Whether it waited; it does so no more. */
  forget(one: T): boolean {
    const at = this.#granted.indexOf(one);
    if (at >= 0) this.#granted.splice(at, 1);
    return at >= 0;
  }
}
