import { Gate } from './gate.ts';
import type { Link } from './ring.ts';

/** One waiting entry: the only thing allocated for it. */
interface Waiting<T> {
  readonly item: T;
  next: Waiting<T> | undefined;
}

/** The entries of one tenant at one priority, first in, first out. */
export class Lane<T> implements Link<Lane<T>> {
  next: Lane<T> | undefined;
  previous: Lane<T> | undefined;
  readonly tenant: TenantLanes<T>;
  readonly priority: number;
  /** Starts left in this turn. */
  left = 0;
  #first: Waiting<T> | undefined;
  #last: Waiting<T> | undefined;

  constructor(tenant: TenantLanes<T>, priority: number) {
    this.next = undefined;
    this.previous = undefined;
    this.tenant = tenant;
    this.priority = priority;
    this.#first = undefined;
    this.#last = undefined;
  }

  get empty(): boolean {
    return this.#first === undefined;
  }

  append(item: T): void {
    const waiting: Waiting<T> = { item, next: undefined };
    if (this.#last === undefined) this.#first = waiting;
    else this.#last.next = waiting;
    this.#last = waiting;
  }

  prepend(item: T): void {
    this.#first = { item, next: this.#first };
    this.#last ??= this.#first;
  }

  /** The first entry, still in the lane; only of a lane that is not empty. */
  peek(): T {
    if (this.#first === undefined) throw new RangeError('an empty lane has no first entry');
    return this.#first.item;
  }

  dropFirst(): void {
    this.#first = this.#first?.next;
    if (this.#first === undefined) this.#last = undefined;
  }

  /** Keeps only what `keep` says; answers how many went. */
  retain(keep: (item: T) => boolean): number {
    let gone = 0;
    let waiting = this.#first;
    this.#first = undefined;
    this.#last = undefined;
    for (; waiting !== undefined; waiting = waiting.next) {
      if (keep(waiting.item)) this.append(waiting.item);
      else gone += 1;
    }
    return gone;
  }
}

/** What one tenant has waiting and running in one job type. */
export class TenantLanes<T> {
  readonly id: string;
  readonly gate = new Gate();
  readonly lanes: Lane<T>[] = [];
  /** Starts a turn. */
  weight = 1;
  waiting = 0;
  /** Whether its lanes with entries stand in the rings: they do while the gate is open. */
  taking = true;

  constructor(id: string) {
    this.id = id;
  }

  /** The lane of a priority, made when there is none. Most tenants use one priority. */
  lane(priority: number): Lane<T> {
    for (const lane of this.lanes) if (lane.priority === priority) return lane;
    const made = new Lane(this, priority);
    this.lanes.push(made);
    return made;
  }

  /** Whether nothing would be lost by forgetting it. */
  get idle(): boolean {
    return this.waiting === 0 && this.gate.running === 0 && !this.gate.held;
  }
}
