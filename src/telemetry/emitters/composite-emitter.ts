import type { Clock } from '../../core/clock.ts';
import type { JobEvent } from '../../core/generated/job-event.ts';
import type { Log } from '../../core/ports/log.ts';
import type { EmitterStatus, TelemetryEmitter } from '../../core/ports/telemetry-emitter.ts';
import { fanOut } from '../observer-fan.ts';

/** How much longer than it was given an emitter may take to close, ms. */
const PATIENCE_MS = 250;

/** Several emitters as one: one that throws, stalls or does not close hurts neither the others nor the jobs. */
export class CompositeTelemetryEmitter implements TelemetryEmitter {
  readonly #emitters: readonly TelemetryEmitter[];
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #fan: (event: JobEvent) => void;

  constructor(parts: { readonly log: Log; readonly clock: Clock }, emitters: readonly TelemetryEmitter[]) {
    this.#emitters = emitters;
    this.#clock = parts.clock;
    this.#log = parts.log;
    const observers = emitters.map((emitter) => {
      const observer = (event: JobEvent): void => emitter.emit(event);
      // The name under which one that throws is logged.
      return Object.defineProperty(observer, 'name', { value: namesOf(emitter) });
    });
    this.#fan = fanOut(observers, parts.log);
  }

  emit(event: JobEvent): void {
    this.#fan(event);
  }

  /** Closes all at once; one that fails, or is late, is logged by its name. */
  async close(withinMs: number): Promise<void> {
    await Promise.all(this.#emitters.map((emitter) => this.#close(emitter, withinMs)));
  }

  status(): readonly EmitterStatus[] {
    return this.#emitters.flatMap((emitter) => emitter.status());
  }

  #close(emitter: TelemetryEmitter, withinMs: number): Promise<void> {
    const { promise, resolve } = latch();
    let isOver = false;
    const over = (): void => {
      isOver = true;
      resolve();
    };
    const failed = (error: unknown): void => {
      if (isOver) return;
      this.#log.error('telemetry.emitter_not_closed', {
        emitter: namesOf(emitter),
        error: error instanceof Error ? error.message : String(error),
      });
      over();
    };
    const cancel = this.#clock.after(withinMs + PATIENCE_MS, () => failed('it did not end in its time'));
    const closing = new Promise<void>((done) => {
      done(emitter.close(withinMs)); // in here, so that one that throws at once rejects
    });
    closing.then(over, failed);
    return promise.finally(cancel);
  }
}

const latch = () => {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((open) => {
    resolve = open;
  });
  return { promise, resolve };
};

const namesOf = (emitter: TelemetryEmitter): string =>
  emitter
    .status()
    .map((one) => one.emitter)
    .join(', ');
