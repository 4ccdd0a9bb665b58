import type { SequenceId } from '../ports/order-state.ts';

/** A copy as it stands on a waiting partition. */
export interface WaitingCopy {
  /** Its offset in the waiting partition. */
  readonly offset: number;
  /** The sequence of the record it is a copy of. */
  readonly sequence: SequenceId;
  /** Names the sequence among all of this waiting partition, in any form that keeps two apart. */
  readonly name: string;
  /** The record's place: its offset in the sequence's partition. */
  readonly place: number;
  /** What it takes in memory. */
  readonly bytes: number;
  /** When it was written, epoch ms; only for those who look on. */
  readonly writtenMs?: number;
  /** Of a replayed record: the name that the sequence's other copies have. Its own is that of its plan. */
  readonly replayOf?: string;
}

/** No offset, no place. */
export const NONE = -1;

/** What is known of one sequence on a waiting partition: some copies in memory, the rest by where to read on. */
export class WaitingKey<C extends WaitingCopy> {
  readonly name: string;
  readonly sequence: SequenceId;
  /** See `WaitingCopy`. */
  readonly replayOf: string | undefined;
  /** Unsettled copies in memory, in order; the first is the front. */
  readonly copies: C[] = [];
  /** No unsettled copy that is missing in memory stands before this offset; NONE when none is missing. */
  resume = NONE;
  /** The reading in which a copy went by that could not be taken: what comes later in it may not be taken either. */
  missedIn = NONE;
  /** The largest place read, in memory or not. */
  largest = NONE;
  /** The offset of the last copy read, in memory or not. */
  last = NONE;
  /** The front may not be asked for before; epoch ms. */
  dueMs = 0;
  /** The front's claim, run or end is under way. */
  busy = false;
  /** When what is at its front was written, epoch ms, also while it is not in memory; undefined where nobody said. */
  #frontMs: number | undefined;

  constructor({ name, sequence, replayOf, writtenMs }: WaitingCopy) {
    this.name = name;
    this.#frontMs = writtenMs;
    this.sequence = sequence;
    this.replayOf = replayOf;
  }

  get front(): C | undefined {
    return this.copies[0];
  }

  /** When its oldest copy that is not settled was written, epoch ms, as far as it was read. */
  get oldestMs(): number | undefined {
    return this.copies[0]?.writtenMs ?? this.#frontMs;
  }

  /** The offset below which all its copies are settled; NONE when all are. */
  get pin(): number {
    return this.copies[0]?.offset ?? this.resume;
  }

  /** Whether it can go on only by reading. */
  get hungry(): boolean {
    return this.copies.length === 0 && this.resume !== NONE;
  }

  /** The offset below which nothing of it is of use: settled, or in memory. */
  get from(): number {
    if (this.resume !== NONE) return this.resume;
    const last = this.copies.at(-1);
    return last === undefined ? NONE : last.offset + 1;
  }

  /** Whether another copy of the same record is in memory. */
  repeats(copy: C): boolean {
    return this.copies.some(({ place }) => place === copy.place);
  }

  /** A copy, after which others may be missing, was taken or is not needed. */
  passBy(offset: number): void {
    this.resume = offset < this.last ? offset + 1 : NONE;
  }

  /** A copy goes by that cannot be taken. */
  miss(offset: number, reading: number): void {
    this.resume = offset;
    this.missedIn = reading;
  }

  /** Forgets copies from an index on; reading again finds them. */
  forget(from: number, reading: number): readonly C[] {
    if (from === 0) this.#frontMs = this.oldestMs;
    const gone = this.copies.splice(from);
    const [first] = gone;
    if (first !== undefined) this.miss(first.offset, reading);
    return gone;
  }

  /** The front is settled. */
  shift(): C | undefined {
    const copy = this.copies.shift();
    this.#frontMs = copy?.writtenMs ?? this.#frontMs;
    this.busy = false;
    this.dueMs = 0;
    return copy;
  }
}
