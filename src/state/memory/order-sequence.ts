import { turnOfPlace } from '../../core/order/replay-turn.ts';
import type { SequenceId } from '../../core/ports/order-state.ts';
import { lifetimeMs } from '../durations.ts';
import type { Head, Replay, SequenceRecord } from './order-table.ts';
import type { StateTable } from './state-table.ts';

/** How a record came to its end; `superseded`: its job is further than this copy of it. */
type Ended = 'over' | 'dead' | 'superseded';

/** A sequence as one call reads, changes and stores it. Both numbers only grow; -1 stands for no place. */
export class Sequence {
  parked: number;
  passed: number;
  held: number;
  head: Head | undefined;
  replay: Replay | undefined;
  readonly #stored: SequenceRecord | undefined;

  constructor(table: StateTable, id: SequenceId) {
    this.#stored = table.order.sequence(id);
    this.parked = this.#stored?.parked ?? -1;
    this.passed = this.#stored?.passed ?? -1;
    this.held = this.#stored?.held ?? 0;
    this.head = this.#stored?.head;
    this.replay = this.#stored?.replay;
  }

  /** Whether copies on the waiting topic have not ended. */
  get hasParked(): boolean {
    return this.parked > this.passed;
  }

  /** Whether replays of the sequence run, in order: all else waits for them. */
  get replays(): boolean {
    return this.replay?.state === 'begun';
  }

  /** Whether copies on the waiting topic wait for their turn, replays among them: what is kept must live on. */
  get hasWaiting(): boolean {
    return this.hasParked || (this.replay !== undefined && this.replay.state !== 'ended');
  }

  /** Whether records of the direct way go behind those on the waiting topic. */
  get diverted(): boolean {
    return this.hasParked || this.replays;
  }

  /** The head, when it is at this place. */
  headAt(place: number): Head | undefined {
    return this.head?.place === place ? this.head : undefined;
  }

  /** Copies up to this place stand, or will stand, on the waiting topic. */
  promise(place: number): void {
    this.parked = Math.max(this.parked, place);
  }

  /**
   * A record at its turn on the direct way goes to the waiting topic. Where nothing waits, all before it has passed, or
   * it would not be at its turn. (Both numbers move back only where a log was begun anew.)
   */
  divert(place: number): void {
    if (this.hasParked) {
      this.promise(place);
      return;
    }
    this.parked = place;
    this.passed = place - 1;
  }

  /**
   * A record has ended. On the direct way of a sequence that is not diverted nothing moves: whatever is parked next
   * says by itself that all before it has passed.
   */
  end(place: number, where: 'direct' | 'waiting', how: Ended = 'over'): void {
    if (turnOfPlace(place) !== undefined) {
      this.#endTurn(place, how);
      return;
    }
    if (where === 'waiting') this.promise(place);
    if (where === 'waiting' || this.hasParked) this.passed = Math.max(this.passed, place);
    if (this.head !== undefined && this.head.place >= 0 && this.head.place <= place) this.head = undefined;
  }

  /** An open plan is over; what is left of it stays dead. */
  endPlan(): void {
    if (this.replay === undefined || this.replay.state === 'ended') return;
    this.replay = { ...this.replay, state: 'ended' };
    if (this.head !== undefined && this.head.place < 0) this.head = undefined;
  }

  /** A turn whose plan is over does not wait for its next attempt any more. */
  forgetTurn(place: number): void {
    if (this.head?.place === place) this.head = undefined;
  }

  /**
   * No replay of the plan is left, so its last end was lost: nobody knows whether that was its death, so the hold stays.
   */
  loseEnd(): void {
    if (this.replay?.state !== 'begun') return;
    this.held = Math.max(1, this.held - this.replay.done);
    this.endPlan();
  }

  /**
   * Moves the plan on: the last replay lifts the hold. One that dies ends the plan and keeps it, and so does one that was
   * replayed from an outdated letter: those behind it would overtake what has become of the job.
   */
  #endTurn(place: number, how: Ended): void {
    this.forgetTurn(place);
    const turn = turnOfPlace(place);
    const { replay } = this;
    if (turn === undefined || replay === undefined || replay.plan !== turn.plan) return;
    if (replay.state === 'prepared' && how === 'superseded') this.endPlan();
    if (replay.state !== 'begun' || turn.index <= replay.done) return;
    const isOver = how === 'over';
    this.replay = { ...replay, done: isOver ? turn.index : turn.index - 1 };
    if (isOver && turn.index < replay.count) return;
    this.held = isOver ? 0 : Math.max(1, this.held - turn.index + 1);
    this.endPlan();
  }

  /** Stores what has changed, or begins the lifetime anew. A sequence that never parked and waits for nothing leaves nothing behind. */
  save(table: StateTable, id: SequenceId, ttlMs: number, renew = false): void {
    const { parked, passed, held, head, replay } = this;
    const before = this.#stored;
    if (parked < 0 && held === 0 && head === undefined && replay === undefined) {
      if (before !== undefined) table.order.deleteSequence(id);
      return;
    }
    const isSame = before?.parked === parked && before.passed === passed && before.held === held;
    if (isSame && before.head === head && before.replay === replay && !renew) return;
    const record = {
      ...{ parked, passed, held },
      ...(head === undefined ? {} : { head }),
      ...(replay === undefined ? {} : { replay }),
    };
    table.order.setSequence(id, record, lifetimeMs(ttlMs));
  }
}
