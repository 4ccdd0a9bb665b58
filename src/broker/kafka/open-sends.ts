/** What was handed over between two flushes. */
export interface FlushRound {
  /** How many of it have no answer yet. */
  open: number;
  /** Called once all of it, and all before it, have an answer. */
  onAnswered: () => void;
}

/** One whose caller waits. */
interface Open {
  round: FlushRound | undefined;
}

const newRound = (): FlushRound => ({ open: 0, onAnswered: () => undefined });

/** A day; the timer only holds the process, it does nothing. */
const HOLD_MS = 86_400_000;

/**
 * Counts the sends whose callers have no answer yet: a flush ends a round, and waits for it and those before it. The
 * process stays alive while there are any.
 */
export class OpenSends {
  #round = newRound();
  /** Rounds that a flush has ended and that still have open sends, or stand behind one that has. */
  readonly #ended: FlushRound[] = [];
  #open = 0;
  #hold: NodeJS.Timeout | undefined;

  /** Adds one. */
  add(send: Open): void {
    send.round = this.#round;
    this.#round.open++;
    if (++this.#open > 1) return;
    this.#hold ??= setInterval(() => undefined, HOLD_MS);
    this.#hold.ref();
  }

  /** Takes one out whose caller gets its answer now. */
  remove(send: Open): void {
    if (send.round === undefined) return;
    send.round.open--;
    send.round = undefined;
    if (--this.#open === 0) this.#hold?.unref();
    if (this.#ended.length > 0) this.#endFlushes();
  }

  /** Resolves when all that are open now have an answer. */
  allAnswered(): Promise<void> {
    const round = this.#round;
    this.#round = newRound();
    this.#ended.push(round);
    return new Promise((resolve) => {
      round.onAnswered = resolve;
      this.#endFlushes();
    });
  }

  #endFlushes(): void {
    while (this.#ended[0]?.open === 0) {
      const round = this.#ended.shift();
      // After the callers heard of their own sends.
      if (round !== undefined) setImmediate(round.onAnswered);
    }
  }
}
