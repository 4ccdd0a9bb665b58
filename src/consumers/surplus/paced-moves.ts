import type { Clock } from '../../core/clock.ts';
import type { Entry } from '../entry.ts';

export interface PacedMovesParts {
  readonly clock: Clock;
  /** Sends an entry on its way. */
  readonly move: (entry: Entry) => void;
  /** Whether so many are on their way that more would only wait there. */
  readonly isChoked: () => boolean;
  /** Whether the process has no time to spare. */
  readonly isBusy: () => boolean;
}

const PORTION_EVERY_MS = 10;
const MOST_IN_PORTION = 64;
/** A portion ends when it has taken so long: a process that is slow moves less at a time, not for longer. */
const PORTION_MS = 2;
/** Of a process without time to spare one portion in so many is moved. */
const EVERY_WHILE_BUSY = 2;

/**
 * Moves a job type's surplus in small portions, at a steady pace. Moving has time: who stands behind a flood waits for
 * thousands of moves, and everybody else waits for the event loop. What leaves together also shares its batches.
 */
export class PacedMoves {
  readonly #parts: PacedMovesParts;
  /** In the order they came, from `#at`. */
  #waiting: Entry[] = [];
  #at = 0;
  #isArmed = false;
  #putOff = 0;
  #whenRoom: (() => void)[] = [];

  constructor(parts: PacedMovesParts) {
    this.#parts = parts;
  }

  /** Takes an entry, to be moved with a portion to come. */
  add(entry: Entry): void {
    this.#waiting.push(entry);
    this.#arm();
  }

  /** Resolves when another portion may be gathered; undefined when it may be now. */
  get room(): Promise<void> | undefined {
    if (this.#size < MOST_IN_PORTION) return undefined;
    return new Promise((resolve) => this.#whenRoom.push(resolve));
  }

  get #size(): number {
    return this.#waiting.length - this.#at;
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#parts.clock.after(PORTION_EVERY_MS, () => {
      this.#isArmed = false;
      if (!this.#mustWait()) this.#movePortion();
      if (this.#size > 0) this.#arm();
      // What is gathered next is work too: others have their turn before it.
      if (this.#size < MOST_IN_PORTION && this.#whenRoom.length > 0) setImmediate(this.#letGather);
    });
  }

  #mustWait(): boolean {
    const { isChoked, isBusy } = this.#parts;
    this.#putOff = isBusy() ? (this.#putOff + 1) % EVERY_WHILE_BUSY : 0;
    return this.#putOff > 0 || isChoked();
  }

  #movePortion(): void {
    const { clock, move } = this.#parts;
    const untilMs = clock.nowMs() + PORTION_MS;
    for (let moved = 0; moved < MOST_IN_PORTION && clock.nowMs() < untilMs; moved += 1) {
      const entry = this.#waiting[this.#at];
      if (entry === undefined) break;
      this.#at += 1;
      // What was lost meanwhile is its next owner's.
      if (entry.home.alive) move(entry);
    }
    this.#waiting = this.#waiting.slice(this.#at);
    this.#at = 0;
  }

  readonly #letGather = (): void => {
    for (const gather of this.#whenRoom.splice(0)) gather();
  };
}
