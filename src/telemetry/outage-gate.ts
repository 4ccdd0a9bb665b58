import type { Clock } from '../core/clock.ts';
import { type EsteiraError, isEsteiraError } from '../core/errors.ts';
import type { Log } from '../core/ports/log.ts';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
/** A full buffer is back pressure and passes; only one that stays full this long is told. */
const BACK_PRESSURE_TOLD_AFTER_MS = 5_000;

/** Of so many items that are written, one sets the time. */
const LOOK_EVERY = 64;

/** Trying again cannot help: nobody can make the record smaller or the producer open again. All else may pass. */
const isFinal = (error: EsteiraError): boolean =>
  error.code === 'ESTEIRA_RECORD_TOO_LARGE' || error.code === 'ESTEIRA_CLOSED';

const describe = (error: unknown): { code: string; error: string } => {
  if (isEsteiraError(error)) return { code: error.code, error: error.message };
  return error instanceof Error
    ? { code: error.name, error: error.message }
    : { code: 'UNKNOWN', error: String(error) };
};

/** Tries to write an item once; `done` is told what came of it. */
export type Write<T> = (item: T, done: (error?: EsteiraError) => void) => void;

type Done = (error?: EsteiraError) => void;

/** An item that waits for the gate to open, and who wants to know of it. */
interface Waiting<T> {
  readonly item: T;
  readonly done: Done;
  /** True once a try has failed. */
  readonly isHeld: boolean;
}

/**
 * Lets writes pass while writing works, and holds all of them while it does not, so that an outage is met by one
 * pause instead of a storm of retries. Holds no bytes beyond what its callers hold. Makes no promise for an item, and of
 * one that is written at the first try nothing but the callback: there are tens of thousands a second.
 */
export class OutageGate<T> {
  readonly #write: Write<T>;
  readonly #clock: Clock;
  readonly #log: Log;
  #isClosed = false;
  /** What waits for the gate to open, in its order. */
  #queue: Waiting<T>[] = [];
  /** Grows whenever the gate closes; tries of an earlier round do not lengthen the pause. */
  #round = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #held = 0;
  #pending = 0;
  /** When an item was last written, or the first of those that wait came; epoch ms. */
  #movedAtMs = 0;
  /** Written since the clock was looked at. */
  #unlooked = 0;
  #outage: { readonly sinceMs: number; told: boolean } | undefined;

  constructor(write: Write<T>, clock: Clock, log: Log) {
    this.#write = write;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Tries until the item is written, with growing pauses from 50 ms to 5 s, and calls `done` then. `done` gets an error
   * only where trying again cannot help: ESTEIRA_RECORD_TOO_LARGE, ESTEIRA_CLOSED.
   */
  pass(item: T, done: Done): void {
    if (this.#pending === 0) this.#movedAtMs = this.#clock.nowMs();
    this.#pending += 1;
    this.#tryOrWait(item, done, false);
  }

  /** How many items are not written yet, those on their way included. */
  get pending(): number {
    return this.#pending;
  }

  /** For how long none was written although some wait, ms; 0 while none waits. */
  get stuckMs(): number {
    return this.#pending === 0 ? 0 : Math.max(0, this.#clock.nowMs() - this.#movedAtMs);
  }

  /** Whether something waits that was tried in vain. */
  get isHolding(): boolean {
    return this.#outage !== undefined;
  }

  #tryOrWait(item: T, done: Done, isHeld: boolean): void {
    if (this.#isClosed) this.#queue.push({ item, done, isHeld });
    else this.#try(item, done, isHeld);
  }

  #try(item: T, done: Done, isHeld: boolean): void {
    const round = this.#round;
    try {
      this.#write(item, (error) => {
        if (error === undefined || isFinal(error)) this.#passed(done, isHeld, error);
        else this.#failed(item, done, isHeld, round, error);
      });
    } catch (thrown) {
      this.#failed(item, done, isHeld, round, thrown);
    }
  }

  #passed(done: Done, isHeld: boolean, error: EsteiraError | undefined): void {
    this.#pending -= 1;
    if (error === undefined) {
      this.#pauseMs = FIRST_PAUSE_MS;
      this.#noteMove();
    }
    if (isHeld) this.#release(error === undefined);
    done(error);
  }

  /** A look at the clock costs more than all else here: where many wait, one for some of them will do. */
  #noteMove(): void {
    this.#unlooked += 1;
    if (this.#unlooked < LOOK_EVERY && this.#pending >= LOOK_EVERY) return;
    this.#unlooked = 0;
    this.#movedAtMs = this.#clock.nowMs();
  }

  #failed(item: T, done: Done, isHeld: boolean, round: number, error: unknown): void {
    this.#tell(error);
    if (!isHeld) this.#held += 1;
    if (round === this.#round) this.#close();
    this.#tryOrWait(item, done, true);
  }

  #close(): void {
    this.#round += 1;
    this.#isClosed = true;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    this.#clock.after(pauseMs, () => this.#open());
  }

  /** The gate may close again before those who waited have had their turn: the rest waits on. */
  #open(): void {
    this.#isClosed = false;
    const queue = this.#queue;
    this.#queue = [];
    let next = 0;
    for (let first = queue[0]; first !== undefined && !this.#isClosed; first = queue[++next])
      this.#try(first.item, first.done, first.isHeld);
    if (next < queue.length) this.#queue.push(...queue.slice(next));
  }

  #tell(error: unknown): void {
    const nowMs = this.#clock.nowMs();
    this.#outage ??= { sinceMs: nowMs, told: false };
    if (this.#outage.told) return;
    const backPressure = isEsteiraError(error, 'ESTEIRA_BUFFER_FULL');
    if (backPressure && nowMs - this.#outage.sinceMs < BACK_PRESSURE_TOLD_AFTER_MS) return;
    this.#outage.told = true;
    this.#log.warn('telemetry.blocked', describe(error));
  }

  #release(written: boolean): void {
    this.#held -= 1;
    if (this.#held > 0 || this.#outage === undefined) return;
    const { sinceMs, told } = this.#outage;
    this.#outage = undefined;
    if (told && written) this.#log.info('telemetry.unblocked', { outageMs: this.#clock.nowMs() - sinceMs });
  }
}
