import type { Clock } from '../../src/core/clock.ts';
import { MinHeap } from '../../src/core/order/min-heap.ts';
import { formatTurn, type ReplayTurn } from '../../src/core/order/replay-turn.ts';
import type { Duty, Plan } from './plan.ts';
import type { SimStore, Soon } from './store.ts';

/** A record of an event partition. */
export interface Arrived {
  readonly partition: number;
  readonly place: number;
  readonly duty: Duty;
  readonly probe: boolean;
  /** Of a replayed one: its turn, and how often it has been replayed. */
  readonly turn?: ReplayTurn;
  readonly replays?: number;
}

/** A copy on a waiting partition. */
export interface Parked {
  readonly offset: number;
  readonly record: Arrived;
}

/** One of the partitions that a process can own. */
export interface Owned {
  readonly kind: 'direct' | 'waiting';
  readonly partition: number;
}

/** What the group coordinator keeps. */
interface Committed {
  offset: number;
  metadata: number;
}

/** Makes the store of one history. */
export type OpenStore = (clock: Clock, plan: Plan) => SimStore;

/** How a record came to its end. */
export interface Ending {
  readonly atMs: number;
  readonly record: Arrived;
  readonly how: 'completed' | 'dead';
  readonly where: 'direct' | 'waiting';
}

/** Virtual time, the logs, the group's offsets, the store and the sink: all that outlives a process. */
export class World {
  readonly plan: Plan;
  readonly store: SimStore;
  readonly events: Arrived[][];
  readonly waiting: Parked[][];
  readonly endings: Ending[] = [];
  /** Events that have taken effect, with their mark. */
  readonly completed = new Set<string>();
  readonly trace: string[] = [];
  /** Runs per event, and runs that killed their process. */
  readonly starts = new Map<string, number>();
  readonly killed = new Map<string, number>();
  readonly clock: Clock;
  /** Whether faults may still happen. */
  troubled = true;
  crashes = 0;
  freezes = 0;
  lost = 0;
  /** The dead letters, in their order; one may be written twice. */
  readonly letters: Arrived[] = [];
  /** How many ordered replays have begun, and were given up because their hold was lost. */
  replaysBegun = 0;
  replaysLost = 0;
  effects = 0;
  nowMs = 0;
  readonly #committed = new Map<string, Committed>();
  readonly #owners = new Map<string, number>();
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #fences = new Map<string, number>();
  readonly #agenda = new MinHeap<() => Soon<void>>();

  /** A traced history is slower. */
  readonly isTraced: boolean;

  constructor(plan: Plan, isTraced: boolean, openStore: OpenStore) {
    this.plan = plan;
    this.isTraced = isTraced;
    this.clock = {
      nowMs: () => this.nowMs,
      after: () => {
        throw new Error('the simulation has its own agenda');
      },
    };
    this.store = openStore(this.clock, plan);
    this.events = Array.from({ length: plan.partitions }, () => []);
    this.waiting = Array.from({ length: plan.partitions }, () => []);
  }

  /** Does something later. Two things at one moment happen in the order they were planned. */
  later(delayMs: number, what: () => Soon<void>): void {
    // Equal ranks would come in any order; a microsecond apart they do not, and histories can be played again.
    this.#agenda.push(this.nowMs + Math.max(0, delayMs) + 1e-6 * this.plan.random.unit(), what);
  }

  /** Plays on until `done`, or until `untilMs`; false when time ran out. Gives way to each answer that comes later. */
  *play(untilMs: number, done: () => boolean): Generator<Promise<void>, boolean> {
    for (let steps = 0; ; steps += 1) {
      const { rank } = this.#agenda;
      if (done()) return true;
      if (rank === undefined || rank > untilMs || steps > 400_000) return false;
      this.nowMs = Math.max(this.nowMs, rank);
      const doing = this.#agenda.pop()?.();
      if (doing instanceof Promise) yield doing;
    }
  }

  note(text: () => string): void {
    if (this.isTraced) this.trace.push(`${this.nowMs.toFixed(2).padStart(10)} ${text()}`);
  }

  produce(partition: number, duty: Duty, probe = false): void {
    const log = this.events[partition] ?? [];
    log.push({ partition, place: log.length, duty, probe });
    this.note(
      () => `e${partition}: ${duty.key}/${log.length - 1} event ${duty.event}${probe ? ' (probe)' : ''}`,
    );
    this.#wake({ kind: 'direct', partition });
  }

  append(record: Arrived, by: number): number {
    const log = this.waiting[record.partition] ?? [];
    log.push({ offset: log.length, record });
    this.note(() => `w${record.partition}@${log.length - 1}: copy of ${nameOf(record)} by p${by}`);
    this.#wake({ kind: 'waiting', partition: record.partition });
    return log.length - 1;
  }

  logEnd({ kind, partition }: Owned): number {
    return (kind === 'direct' ? this.events[partition] : this.waiting[partition])?.length ?? 0;
  }

  /** Calls back when something is appended. */
  listen(owned: Owned, listener: () => void): () => void {
    const name = ownedName(owned);
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  committed(owned: Owned): Committed {
    return this.#committed.get(ownedName(owned)) ?? { offset: 0, metadata: 0 };
  }

  /** Refused from those who do not own the partition. */
  commit(owned: Owned, by: number, offset: number, metadata: number): void {
    const before = this.committed(owned);
    if (this.owner(owned) !== by || offset < before.offset) return;
    this.#committed.set(ownedName(owned), { offset, metadata: Math.max(metadata, before.metadata) });
  }

  owner(owned: Owned): number | undefined {
    return this.#owners.get(ownedName(owned));
  }

  own(owned: Owned, by: number): void {
    this.#owners.set(ownedName(owned), by);
  }

  /** The sink compares fences of one key: false when a newer one was there. */
  effect(record: Arrived, fence: number): boolean {
    const name = `${record.partition}/${record.duty.key}`;
    if (fence < (this.#fences.get(name) ?? 0)) return false;
    this.#fences.set(name, fence);
    this.effects += 1;
    return true;
  }

  ended(record: Arrived, how: Ending['how'], where: Ending['where']): void {
    if (how === 'completed') this.completed.add(record.duty.event);
    this.endings.push({ atMs: this.nowMs, record, how, where });
    this.note(() => `${how} ${nameOf(record)} (${where})`);
  }

  #wake(owned: Owned): void {
    for (const listener of this.#listeners.get(ownedName(owned)) ?? []) listener();
  }
}

export const nameOf = ({ duty, place, turn }: Arrived): string =>
  `${duty.key}/${place}${turn === undefined ? '' : `#${formatTurn(turn)}`}`;
const ownedName = ({ kind, partition }: Owned): string => `${kind}/${partition}`;
