import type { RegisteredCopy } from '../ports/order-state.ts';
import type { WaitingCopy, WaitingKey } from './waiting-key.ts';

/** How often the witness is looked at, ms. */
export interface WitnessSettings {
  /** While copies wait; ten times as long while none does. */
  readonly checkEveryMs: number;
  /** How often all that waits is registered anew, so that the store does not forget it: a quarter of its lifetime. */
  readonly renewEveryMs: number;
}

/** What `OrderState.register` shall be asked. */
export interface Registration {
  readonly kind: 'register';
  readonly copies: readonly RegisteredCopy[];
  readonly after: number;
  readonly upTo: number;
}

const IDLE_FACTOR = 10;

/** Says when and what one waiting partition registers, so that lost data are found and told again. */
export class Witness<C extends WaitingCopy> {
  readonly #settings: WitnessSettings;
  readonly #keys: ReadonlyMap<string, WaitingKey<C>>;
  /** Keys with copies that are read and not registered. */
  readonly #fresh = new Set<WaitingKey<C>>();
  /** Where the witness was left; 0 before the first answer and after a loss. */
  #confirmed = 0;
  #end: number;
  #asked: number | undefined;
  #checkDue = true;
  #allDue = false;
  #nextCheckMs: number;
  #nextRenewMs: number;

  /** `start`: the committed offset, below which all has ended. */
  constructor(
    settings: WitnessSettings,
    keys: ReadonlyMap<string, WaitingKey<C>>,
    start: number,
    nowMs: number,
  ) {
    this.#settings = settings;
    this.#keys = keys;
    this.#end = start;
    this.#nextCheckMs = nowMs + settings.checkEveryMs;
    this.#nextRenewMs = nowMs + settings.renewEveryMs;
  }

  /** When `tick` is wanted, epoch ms. */
  get nextTickMs(): number {
    return Math.min(this.#nextCheckMs, this.#nextRenewMs);
  }

  /** A copy of this key was read for the first time. */
  note(key: WaitingKey<C>): void {
    this.#fresh.add(key);
  }

  /** All below this offset is read. */
  move(end: number): void {
    this.#end = Math.max(this.#end, end);
  }

  tick(nowMs: number): void {
    if (nowMs >= this.#nextRenewMs) {
      this.#allDue = true;
      this.#nextRenewMs = nowMs + this.#settings.renewEveryMs;
    }
    if (nowMs < this.#nextCheckMs) return;
    this.#checkDue = true;
    const { checkEveryMs } = this.#settings;
    this.#nextCheckMs = nowMs + (this.#keys.size > 0 ? checkEveryMs : checkEveryMs * IDLE_FACTOR);
  }

  /** The next thing to ask; undefined while one is under way, and when there is nothing. */
  take(): Registration | undefined {
    if (this.#asked !== undefined) return undefined;
    if (!this.#checkDue && !this.#allDue && this.#fresh.size === 0 && this.#end <= this.#confirmed) {
      return undefined;
    }
    const keys = this.#allDue ? [...this.#keys.values()] : [...this.#fresh];
    const copies = keys.map(({ sequence, largest }) => ({ sequence, place: largest }));
    this.#asked = this.#end;
    this.#checkDue = false;
    this.#allDue = false;
    this.#fresh.clear();
    return { kind: 'register', copies, after: this.#confirmed, upTo: this.#end };
  }

  /** `behind`: data are lost, so all that waits is told again. */
  answered(answer: 'seen' | 'behind'): void {
    this.#confirmed = answer === 'seen' ? (this.#asked ?? 0) : 0;
    if (answer === 'behind') this.#allDue = true;
    this.#asked = undefined;
  }
}
