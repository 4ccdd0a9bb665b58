import type { EsteiraError } from '../../core/errors.ts';
import type { PendingSend } from './pending-send.ts';

interface Flush {
  readonly sends: Set<PendingSend>;
  done(): void;
}

/** A day; the timer only holds the process, it does nothing. */
const HOLD_MS = 86_400_000;

/** All sends whose callers have no answer yet. The process stays alive while there are any. */
export class OpenSends {
  readonly #open = new Set<PendingSend>();
  readonly #flushes = new Set<Flush>();
  #hold: NodeJS.Timeout | undefined;

  /** Adds one. */
  add(send: PendingSend): void {
    this.#open.add(send);
    this.#hold ??= setInterval(() => undefined, HOLD_MS);
    if (this.#open.size === 1) this.#hold.ref();
  }

  /** Takes one out whose caller has its answer. */
  remove(send: PendingSend): void {
    this.#open.delete(send);
    if (this.#open.size === 0) this.#hold?.unref();
    for (const flush of this.#flushes) {
      flush.sends.delete(send);
      if (flush.sends.size > 0) continue;
      this.#flushes.delete(flush);
      // After the callers heard of their own sends.
      setImmediate(flush.done);
    }
  }

  /** Resolves when all that are open now have an answer. */
  allAnswered(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((done) => {
      this.#flushes.add({ sends: new Set(this.#open), done });
    });
  }

  /** Ends every wait with this error. */
  answerAll(error: EsteiraError): void {
    for (const send of [...this.#open]) send.answer(error);
  }
}
