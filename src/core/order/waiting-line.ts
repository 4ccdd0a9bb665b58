import type { OrderClaimAnswer } from '../ports/order-state.ts';
import { MinHeap } from './min-heap.ts';
import { ReplayKeys } from './replay-keys.ts';
import { NONE, type WaitingCopy, WaitingKey } from './waiting-key.ts';
import { type MemoryBounds, WaitingMemory } from './waiting-memory.ts';
import { type Registration, Witness, type WitnessSettings } from './witness.ts';

/** How a waiting partition is served. All times in ms. */
export interface WaitingSettings extends MemoryBounds, WitnessSettings {
  /** A key due later than this sleeps: its copies are the first to leave memory. */
  readonly sleepBeyondMs: number;
  /** Pause before a question is asked again. */
  readonly askAgainMs: number;
  /** Shortest time between two readings. */
  readonly rereadEveryMs: number;
}

/** What the driver has to do, in this order. */
export type WaitingAction<C> =
  /** Call `OrderState.claim` with `where: 'waiting'` and this; report by `answered`. */
  | { readonly kind: 'claim'; readonly copy: C; readonly replaysOver: boolean }
  /** Call `OrderState.register` with this; report by `registered`. Given out one at a time. */
  | Registration
  /** Read on from this offset, and hand over what is read from there with this number. */
  | { readonly kind: 'read'; readonly from: number; readonly reading: number };

/** After this many readings without a new copy, the end of the partition is given time to show one. */
const MOST_RETURNS = 8;

/**
 * The order machine of one partition of a waiting topic, for one assignment. Like DirectLanes it does nothing itself.
 *
 * The driver must
 * - begin to read at the committed offset (reading 0) and hand over copies in order (`read`); what it fetched before a
 *   `read` action it drops, or hands over with the old number, which is ignored; when the broker client goes back by
 *   itself, as each new epoch does, it says so by `rewound`;
 * - let the machine hold the copies: it lets go of those that it can read again;
 * - commit `committable`, and nothing else;
 * - call `tick` at `nextWakeMs`;
 * - stop using the machine when the partition is lost, and go on reporting to nobody.
 *
 * After `answered` with `run` the driver runs the copy and reports exactly one of `ended`, `failed` and `lost`; after
 * `done` and `superseded` it tells what must be told, after `dead` it writes the dead letter, and reports `ended`. All
 * calls about the record say `where: 'waiting'`. No copy is written again, whatever its key waits for.
 */
export class WaitingLine<C extends WaitingCopy> {
  readonly #settings: WaitingSettings;
  readonly #keys = new Map<string, WaitingKey<C>>();
  readonly #memory: WaitingMemory<C>;
  readonly #replays = new ReplayKeys<C>();
  readonly #witness: Witness<C>;
  readonly #wakes = new MinHeap<WaitingKey<C>>();
  readonly #pins = new MinHeap<WaitingKey<C>>();
  /** Keys that are due and can go on only by reading. */
  readonly #hungry = new Set<WaitingKey<C>>();
  #actions: WaitingAction<C>[] = [];
  #reading = 0;
  #readingFrom: number;
  #position: number;
  /** The end of what was ever read: a copy below it whose key is unknown is settled. */
  #end: number;
  #atEndMs = 0;
  #returns = 0;
  #nextReadMs = 0;

  constructor(settings: WaitingSettings, committed: number, nowMs: number) {
    this.#settings = settings;
    this.#readingFrom = committed;
    this.#position = committed;
    this.#end = committed;
    this.#memory = new WaitingMemory(settings);
    this.#witness = new Witness(settings, this.#keys, committed, nowMs);
  }

  /** The offset that may be committed. */
  get committable(): number {
    for (let rank = this.#pins.rank; rank !== undefined; rank = this.#pins.rank) {
      const key = this.#pins.pop();
      if (key === undefined || key.pin === NONE || this.#keys.get(key.name) !== key) continue;
      this.#pins.push(key.pin, key);
      if (key.pin === rank) return rank;
    }
    return this.#end;
  }

  /** Unsettled keys, and copies in memory. */
  get size(): { readonly keys: number; readonly copies: number } {
    return { keys: this.#keys.size, copies: this.#memory.copies };
  }

  /** When the oldest copy that is not settled was written, epoch ms, as the driver said; undefined when all are. */
  get oldestMs(): number | undefined {
    let oldest: number | undefined;
    for (const { oldestMs } of this.#keys.values())
      if (oldestMs !== undefined && (oldest === undefined || oldestMs < oldest)) oldest = oldestMs;
    return oldest;
  }

  /** When `tick` is wanted, epoch ms. */
  get nextWakeMs(): number {
    const wakeMs = Math.min(this.#wakes.rank ?? Number.POSITIVE_INFINITY, this.#witness.nextTickMs);
    return this.#hungry.size === 0 ? wakeMs : Math.min(wakeMs, this.#nextReadMs);
  }

  /** Takes what is to be done. */
  drain(): readonly WaitingAction<C>[] {
    const registration = this.#witness.take();
    if (registration !== undefined) this.#actions.push(registration);
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  /** Copies were read, in order. */
  read(copies: readonly C[], reading: number, nowMs: number): void {
    if (reading !== this.#reading) return;
    for (const copy of copies) this.#readOne(copy, nowMs);
    this.#witness.move(this.#end);
    this.#readAgain(nowMs);
  }

  /** The client reads again from an offset, at most the one it was at. Returns the number of that reading. */
  rewound(from: number): number {
    this.#reading += 1;
    this.#readingFrom = from;
    this.#position = from;
    return this.#reading;
  }

  /** The answer to a registration. */
  registered(answer: 'seen' | 'behind'): void {
    this.#witness.answered(answer);
  }

  /** The answer to a claim. */
  answered(copy: C, answer: OrderClaimAnswer, nowMs: number): void {
    const key = this.#busyKey(copy);
    if (key === undefined) return;
    const { askAgainMs } = this.#settings;
    switch (answer.kind) {
      case 'run':
      case 'dead':
      case 'done':
      case 'superseded':
        return;
      case 'wait':
        this.#later(key, nowMs + answer.dueMs - answer.nowMs, nowMs);
        break;
      case 'running': {
        const leftMs = Math.max(answer.untilMs - answer.nowMs, askAgainMs);
        this.#later(key, nowMs + Math.min(leftMs, 5 * askAgainMs), nowMs);
        break;
      }
      case 'behind':
        // The end of a replay wakes what is behind it; until then those it waits for go first in memory too.
        this.#later(key, nowMs + 5 * askAgainMs, nowMs);
        this.#memory.asleep(key);
        break;
      default:
        this.#later(key, nowMs + askAgainMs, nowMs);
    }
  }

  /** A record has ended: completed, dead with its letter acknowledged, or skipped. */
  ended(copy: C, nowMs: number): void {
    const key = this.#busyKey(copy);
    if (key === undefined) return;
    this.#memory.shift(key);
    if (key.pin === NONE) {
      this.#keys.delete(key.name);
      this.#replays.remove(key);
    } else this.#goOn(key, nowMs);
    if (key.replayOf !== undefined) this.wake(key.replayOf, nowMs);
    this.#readAgain(nowMs);
  }

  /** An attempt failed; the next is due at `dueMs` of the driver's clock. */
  failed(copy: C, dueMs: number, nowMs: number): void {
    const key = this.#busyKey(copy);
    if (key !== undefined) this.#later(key, dueMs, nowMs);
  }

  /** A run came to nothing: given back, taken over by another, or its claim is gone. */
  lost(copy: C, nowMs: number): void {
    const key = this.#busyKey(copy);
    if (key !== undefined) this.#later(key, nowMs + this.#settings.askAgainMs, nowMs);
  }

  /** Asks for a key's front now, however late it is due: somebody has changed what the store will answer. */
  wake(name: string, nowMs: number): void {
    const key = this.#keys.get(name);
    if (key === undefined || key.busy) return;
    key.dueMs = Math.min(key.dueMs, nowMs);
    this.#goOn(key, nowMs);
    this.#readAgain(nowMs);
  }

  /** Time has passed: wakes keys that are due, looks at the witness, reads again. */
  tick(nowMs: number): void {
    this.#witness.tick(nowMs);
    for (let rank = this.#wakes.rank; rank !== undefined && rank <= nowMs; rank = this.#wakes.rank) {
      const key = this.#wakes.pop();
      if (key === undefined || key.dueMs !== rank || key.busy) continue;
      this.#goOn(key, nowMs);
    }
    this.#readAgain(nowMs);
  }

  #busyKey(copy: C): WaitingKey<C> | undefined {
    const key = this.#keys.get(copy.name);
    return key?.busy === true && key.front === copy ? key : undefined;
  }

  #readOne(copy: C, nowMs: number): void {
    const isNew = copy.offset >= this.#end;
    this.#position = copy.offset + 1;
    this.#end = Math.max(this.#end, this.#position);
    if (isNew) this.#returns = 0;
    else if (this.#position === this.#end) this.#atEndMs = nowMs;
    const key = this.#keys.get(copy.name) ?? (isNew ? this.#newKey(copy) : undefined);
    if (key === undefined || copy.offset < key.from) return;
    if (isNew) key.last = copy.offset;
    if (copy.place > key.largest) {
      key.largest = copy.place;
      this.#witness.note(key);
    }
    if (!this.#mayTake(key)) return;
    // What repeats a record in memory is dropped. What looks like a repetition of an earlier one is asked for at its
    // turn: the store knows, and a copy that came out of order is late rather than lost.
    if (key.repeats(copy)) key.passBy(copy.offset);
    else this.#take(key, copy, nowMs);
    this.#goOn(key, nowMs);
  }

  #newKey(copy: C): WaitingKey<C> {
    const key = new WaitingKey<C>(copy);
    this.#keys.set(copy.name, key);
    this.#replays.add(key);
    this.#pins.push(copy.offset, key);
    return key;
  }

  /** Whether nothing that comes before is missing: all from `resume` on has gone by in this reading and was taken. */
  #mayTake(key: WaitingKey<C>): boolean {
    return key.resume === NONE || (this.#readingFrom <= key.resume && key.missedIn !== this.#reading);
  }

  #take(key: WaitingKey<C>, copy: C, nowMs: number): void {
    const asleep = key.dueMs - nowMs > this.#settings.sleepBeyondMs;
    if (asleep || !this.#memory.take(key, copy, this.#reading)) key.miss(copy.offset, this.#reading);
  }

  /** Asks for the front when it is due, or has it read. */
  #goOn(key: WaitingKey<C>, nowMs: number): void {
    this.#hungry.delete(key);
    if (key.busy || key.dueMs > nowMs) return;
    // Whatever finds it due, a timer or a copy that is read before the timer: a front that is asked for stays in memory.
    this.#memory.awake(key);
    const { front } = key;
    if (front !== undefined) {
      key.busy = true;
      const replaysOver = !this.#replays.standBefore(key.name, front.offset);
      this.#actions.push({ kind: 'claim', copy: front, replaysOver });
    } else if (key.hungry) {
      this.#hungry.add(key);
      // Several keys are served by one reading.
      this.#nextReadMs = Math.max(this.#nextReadMs, nowMs);
    }
  }

  #later(key: WaitingKey<C>, dueMs: number, nowMs: number): void {
    key.busy = false;
    key.dueMs = Math.max(dueMs, nowMs);
    if (dueMs - nowMs > this.#settings.sleepBeyondMs) this.#memory.asleep(key);
    this.#wakes.push(key.dueMs, key);
  }

  /** Goes back for hungry keys: once none of them lies ahead, and not for ever before what is new. */
  #readAgain(nowMs: number): void {
    if (this.#hungry.size === 0 || nowMs < this.#nextReadMs) return;
    this.#nextReadMs = nowMs + this.#settings.rereadEveryMs;
    const atEnd = this.#position >= this.#end;
    let from = Number.POSITIVE_INFINITY;
    for (const key of this.#hungry) {
      if (!this.#mayTake(key)) from = Math.min(from, key.resume);
      else if (!atEnd) return;
    }
    if (from === Number.POSITIVE_INFINITY || !this.#memory.hasRoom || !this.#mayReturn(atEnd, nowMs)) return;
    this.#returns += 1;
    this.#actions.push({ kind: 'read', from, reading: this.rewound(from) });
  }

  #mayReturn(atEnd: boolean, nowMs: number): boolean {
    if (this.#returns < MOST_RETURNS) return true;
    if (!atEnd || nowMs - this.#atEndMs < this.#settings.rereadEveryMs) return false;
    this.#returns = 0;
    return true;
  }
}
