import type { Clock } from '../../core/clock.ts';
import type { JobDefinition } from '../../core/job.ts';
import { placeOfTurn } from '../../core/order/replay-turn.ts';
import type { WaitingCopy } from '../../core/order/waiting-key.ts';
import { type WaitingAction, WaitingLine, type WaitingSettings } from '../../core/order/waiting-line.ts';
import type { OrderClaimAnswer } from '../../core/ports/order-state.ts';
import type { Entry } from '../entry.ts';
import type { ParkedFacts } from '../partition-home.ts';
import { Alarm } from './alarm.ts';
import type { LaneDriver } from './lane-driver.ts';
import type { OrderClient } from './order-client.ts';
import { placeOf, sequenceOf } from './placed.ts';

export interface WaitingDriverParts {
  readonly job: JobDefinition<unknown>;
  readonly clock: Clock;
  readonly state: OrderClient;
  readonly settings: WaitingSettings;
  readonly waitingPartition: number;
  readonly onClaim: (entry: Entry) => void;
  /** The machine holds the copy now: its offset need not be kept in the window any more. */
  readonly onTaken: (entry: Entry) => void;
  /** Reads the copies from an offset up to, and without, another once more; stops when the callback answers false. */
  readonly readAgain: (from: number, to: number, onEntry: (entry: Entry) => boolean) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

interface Copy extends WaitingCopy {
  readonly entry: Entry;
}

const REREAD_CHUNK = 100;

/** Drives the order machine of one partition of the waiting topic. */
export class WaitingDriver implements LaneDriver {
  readonly parkedEnd = 0;
  readonly metadata = '';
  readonly #parts: WaitingDriverParts;
  readonly #line: WaitingLine<Copy>;
  readonly #busy = new Map<Entry, Copy>();
  /** Entries to be claimed that no replay of their sequence stands before. */
  readonly #first = new WeakSet<Entry>();
  /** Offsets of copies whose done marks are not told durably yet. */
  readonly #untold = new Set<number>();
  readonly #alarm: Alarm;
  /** Copies fetched while older ones are read again: they come after those. */
  #held: Copy[] = [];
  #reading = 0;
  #isRereading = false;
  /** The end of what the group's reading has handed over. */
  #end: number;
  #isOpen = true;
  #isPumping = false;

  constructor(parts: WaitingDriverParts, committed: number) {
    this.#parts = parts;
    this.#end = committed;
    this.#line = new WaitingLine(parts.settings, committed, parts.clock.nowMs());
    this.#alarm = new Alarm(parts.clock, () => this.#tell((nowMs) => this.#line.tick(nowMs)));
    this.#pump();
  }

  get parked(): ParkedFacts {
    return { sequences: this.#line.size.keys, oldestMs: this.#line.oldestMs };
  }

  /** The offset that may be committed. */
  get committable(): bigint {
    return BigInt(Math.min(this.#line.committable, ...this.#untold));
  }

  arrived(entry: Entry): void {
    const copy = copyOf(entry);
    this.#end = copy.offset + 1;
    this.#parts.onTaken(entry);
    if (this.#isRereading) this.#held.push(copy);
    else this.#tell((nowMs) => this.#line.read([copy], this.#reading, nowMs));
  }

  knownOf(): undefined {
    return undefined;
  }

  replaysOver(entry: Entry): boolean {
    return this.#first.has(entry);
  }

  full(): void {
    // The machine holds what it needs, and lets go of what it can read again.
  }

  moveAside(): void {
    // It is where what is moved aside goes.
  }

  answered(entry: Entry, answer: OrderClaimAnswer): void {
    this.#about(entry, (copy, nowMs) => this.#line.answered(copy, answer, nowMs), keepsRunning(answer));
  }

  marked(entry: Entry): void {
    this.#untold.add(Number(entry.delivery.record.offset));
    this.ended(entry);
  }

  over(entry: Entry): void {
    this.#untold.delete(Number(entry.delivery.record.offset));
  }

  ended(entry: Entry): void {
    this.#about(entry, (copy, nowMs) => this.#line.ended(copy, nowMs));
  }

  failed(entry: Entry, dueMs: number): void {
    this.#about(entry, (copy, nowMs) => this.#line.failed(copy, dueMs, nowMs));
  }

  lost(entry: Entry): void {
    this.#about(entry, (copy, nowMs) => this.#line.lost(copy, nowMs));
  }

  close(): void {
    this.#isOpen = false;
    this.#alarm.clear();
    this.#busy.clear();
    this.#untold.clear();
    this.#held = [];
  }

  #about(entry: Entry, what: (copy: Copy, nowMs: number) => void, stays = false): void {
    const copy = this.#busy.get(entry);
    if (copy === undefined) return;
    if (!stays) this.#busy.delete(entry);
    this.#tell((nowMs) => what(copy, nowMs));
  }

  #tell(what: (nowMs: number) => void): void {
    if (!this.#isOpen) return;
    what(this.#parts.clock.nowMs());
    this.#pump();
  }

  #pump(): void {
    if (this.#isPumping || !this.#isOpen) return;
    this.#isPumping = true;
    try {
      for (let actions = this.#line.drain(); actions.length > 0; actions = this.#line.drain()) {
        for (const action of actions) this.#do(action);
      }
    } finally {
      this.#isPumping = false;
    }
    this.#alarm.setFor(this.#line.nextWakeMs);
  }

  #do(action: WaitingAction<Copy>): void {
    switch (action.kind) {
      case 'claim':
        this.#busy.set(action.copy.entry, action.copy);
        if (action.replaysOver) this.#first.add(action.copy.entry);
        else this.#first.delete(action.copy.entry);
        this.#parts.onClaim(action.copy.entry);
        return;
      case 'register': {
        const { job, state, waitingPartition, onError } = this.#parts;
        const { copies, after, upTo } = action;
        state
          .register({ jobType: job.type, waitingPartition, copies, after, upTo, ttlMs: job.doneTtlMs })
          .then((answer) => this.#tell(() => this.#line.registered(answer)))
          .catch(onError);
        return;
      }
      case 'read':
        this.#reading = action.reading;
        this.#isRereading = true;
        this.#reread(action.from, action.reading).catch(this.#parts.onError);
    }
  }

  /** A later reading takes the place of this one. */
  async #reread(from: number, reading: number): Promise<void> {
    let chunk: Copy[] = [];
    const isCurrent = (): boolean => this.#isOpen && reading === this.#reading;
    const hand = (): void => {
      const copies = chunk;
      chunk = [];
      if (copies.length > 0) this.#tell((nowMs) => this.#line.read(copies, reading, nowMs));
    };
    const heldFrom = this.#held[0]?.offset ?? this.#end;
    await this.#parts.readAgain(from, heldFrom, (entry) => {
      chunk.push(copyOf(entry));
      if (chunk.length >= REREAD_CHUNK) hand();
      return isCurrent();
    });
    if (!isCurrent()) return;
    hand();
    if (!isCurrent()) return;
    this.#isRereading = false;
    const held = this.#held.splice(0);
    if (held.length > 0) this.#tell((nowMs) => this.#line.read(held, reading, nowMs));
  }
}

/** After these the machine still waits for what becomes of the copy. */
const keepsRunning = ({ kind }: OrderClaimAnswer): boolean =>
  kind === 'run' || kind === 'dead' || kind === 'done' || kind === 'superseded';

const copyOf = (entry: Entry): Copy => {
  const { delivery } = entry;
  const order = placeOf(entry);
  const { value, key } = delivery.record;
  const { turn } = order;
  const name = `${order.partition}\0${delivery.claim.tenant}\0${order.orderKey}`;
  const copy = {
    ...{ entry, name, offset: Number(delivery.record.offset), sequence: sequenceOf(delivery, order) },
    place: order.place,
    bytes: (value?.length ?? 0) + (key?.length ?? 0) + 512,
    writtenMs: delivery.record.timestampMs,
  };
  if (turn === undefined) return copy;
  // The replays of a plan are a line of their own beside what else waits of their sequence.
  return { ...copy, name: `${name}\0${turn.plan}`, place: placeOfTurn(turn), replayOf: name };
};
