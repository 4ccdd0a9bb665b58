import type { Clock } from '../core/clock.ts';
import { EsteiraError } from '../core/errors.ts';
import { checkProgress, type Progress, type ProgressFacts } from '../core/progress.ts';

/** How often the progress of one run is told at most, ms. */
const EVERY_MS = 1_000;

/** Says how far a run is; `part` counts what was told, from 1. */
export type TellProgress = (progress: Progress, part: number) => void;

const nothing = (): void => undefined;

/** The reports of one run: told at most once a second, the last of each second, and always the very last one. */
export class ProgressTeller {
  readonly #clock: Clock;
  readonly #tell: TellProgress;
  #parts = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #waiting: Progress | undefined;
  #cancel = nothing;
  #ended = false;

  constructor(clock: Clock, tell: TellProgress) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /**
   * Takes a report. A rejection that nobody looks at is no stray error: progress must not end a process.
   *
   * @throws EsteiraError ESTEIRA_HANDLER_INVALID for what cannot be told, and after the run has ended.
   */
  report(facts: ProgressFacts): Promise<void> {
    const taken = this.#take(facts);
    taken.catch(nothing);
    return taken;
  }

  /** The run is over: what still waits is told now, and nothing after it. */
  end(): void {
    this.#ended = true;
    this.#flush();
  }

  async #take(facts: ProgressFacts): Promise<void> {
    if (this.#ended) {
      throw new EsteiraError(
        'ESTEIRA_HANDLER_INVALID',
        'ctx.progress was called after the run had ended: wait for all that the handler starts',
      );
    }
    const wasWaiting = this.#waiting !== undefined;
    this.#waiting = checkProgress(facts);
    const passedMs = this.#clock.nowMs() - this.#toldAtMs;
    // A timer does not fire while a handler computes: the next report is told in its place.
    if (passedMs >= EVERY_MS || passedMs < 0) this.#flush();
    else if (!wasWaiting) this.#cancel = this.#clock.after(EVERY_MS - passedMs, () => this.#flush());
  }

  #flush(): void {
    const progress = this.#waiting;
    this.#waiting = undefined;
    this.#cancel();
    this.#cancel = nothing;
    if (progress === undefined) return;
    this.#parts += 1;
    this.#toldAtMs = this.#clock.nowMs();
    this.#tell(progress, this.#parts);
  }
}
