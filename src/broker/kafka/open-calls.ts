import type { EsteiraError } from '../../core/errors.ts';
import type { RecordPosition } from '../../core/record.ts';

/** How a call of `send` ends. */
export interface CallEnd {
  resolve(position: RecordPosition): void;
  reject(error: EsteiraError): void;
}

/** A call whose caller still waits; only the first end counts. */
export interface OpenCall extends CallEnd {
  /** Called once when the call ends, to clear a timer. */
  onSettled(callback: () => void): void;
}

interface Flush {
  readonly calls: Set<OpenCall>;
  done(): void;
}

/** A day; the timer only holds the process, it does nothing. */
const HOLD_MS = 86_400_000;

/** All calls of a producer that have no answer yet. The process stays alive while there are any. */
export class OpenCalls {
  readonly #open = new Set<OpenCall>();
  readonly #flushes = new Set<Flush>();
  #hold: NodeJS.Timeout | undefined;

  /** Opens a call. */
  open(end: CallEnd): OpenCall {
    let clear: () => void = () => undefined;
    const finish = (report: () => void): void => {
      if (!this.#open.has(call)) return;
      clear();
      report();
      this.#settled(call);
    };
    const call: OpenCall = {
      resolve: (position) => finish(() => end.resolve(position)),
      reject: (error) => finish(() => end.reject(error)),
      onSettled: (callback) => {
        clear = callback;
      },
    };
    this.#open.add(call);
    this.#holdProcess();
    return call;
  }

  /** Resolves when all calls that are open now have an answer. */
  allSettled(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((done) => {
      this.#flushes.add({ calls: new Set(this.#open), done });
    });
  }

  /** Rejects every open call. */
  rejectAll(error: EsteiraError): void {
    for (const call of [...this.#open]) call.reject(error);
  }

  #settled(call: OpenCall): void {
    this.#open.delete(call);
    if (this.#open.size === 0) this.#hold?.unref();
    for (const flush of this.#flushes) {
      flush.calls.delete(call);
      if (flush.calls.size > 0) continue;
      this.#flushes.delete(flush);
      // After the callers heard of their own calls.
      setImmediate(flush.done);
    }
  }

  #holdProcess(): void {
    this.#hold ??= setInterval(() => undefined, HOLD_MS);
    if (this.#open.size === 1) this.#hold.ref();
  }
}
