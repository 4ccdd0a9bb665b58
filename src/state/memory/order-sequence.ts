import type { SequenceId } from '../../core/ports/order-state.ts';
import { lifetimeMs } from '../durations.ts';
import type { Head, SequenceRecord } from './order-table.ts';
import type { StateTable } from './state-table.ts';

/** A sequence as one call reads, changes and stores it. Both numbers only grow; -1 stands for no place. */
export class Sequence {
  parked: number;
  passed: number;
  held: number;
  head: Head | undefined;
  readonly #stored: SequenceRecord | undefined;

  constructor(table: StateTable, id: SequenceId) {
    this.#stored = table.order.sequence(id);
    this.parked = this.#stored?.parked ?? -1;
    this.passed = this.#stored?.passed ?? -1;
    this.held = this.#stored?.held ?? 0;
    this.head = this.#stored?.head;
  }

  /** Whether records of the direct way go behind those on the waiting topic. */
  get diverted(): boolean {
    return this.parked > this.passed;
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
   * A record has ended. On the direct way of a sequence that is not diverted nothing moves: whatever is parked next
   * says by itself that all before it has passed.
   */
  end(place: number, where: 'direct' | 'waiting'): void {
    if (where === 'waiting') this.promise(place);
    if (where === 'waiting' || this.diverted) this.passed = Math.max(this.passed, place);
    if (this.head !== undefined && this.head.place <= place) this.head = undefined;
  }

  /** Stores what has changed, or begins the lifetime anew. A sequence that never parked and waits for nothing leaves nothing behind. */
  save(table: StateTable, id: SequenceId, ttlMs: number, renew = false): void {
    const { parked, passed, held, head } = this;
    const before = this.#stored;
    if (parked < 0 && held === 0 && head === undefined) {
      if (before !== undefined) table.order.deleteSequence(id);
      return;
    }
    const same =
      before?.parked === parked && before.passed === passed && before.held === held && before.head === head;
    if (same && !renew) return;
    const record = { parked, passed, held, ...(head === undefined ? {} : { head }) };
    table.order.setSequence(id, record, lifetimeMs(ttlMs));
  }
}
