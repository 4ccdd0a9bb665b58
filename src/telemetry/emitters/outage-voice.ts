import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/ports/log.ts';

interface Outage {
  readonly sinceMs: number;
  readonly dropped: Map<string, number>;
}

/** Says of an emitter that it cannot deliver, once for each outage, and at its end what was dropped in it. */
export class OutageVoice {
  readonly #emitter: string;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #dropped = new Map<string, number>();
  #outage: Outage | undefined;

  constructor(emitter: string, { log, clock }: { readonly log: Log; readonly clock: Clock }) {
    this.#emitter = emitter;
    this.#log = log;
    this.#clock = clock;
  }

  /** Events dropped since the start, by reason. */
  get dropped(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#dropped);
  }

  /** A try has failed. */
  failed(error: string): void {
    this.#begin(error);
  }

  /** Events will not be delivered. */
  drop(reason: string, events: number, error: string = reason): void {
    if (events === 0) return;
    const { dropped } = this.#begin(error);
    for (const counts of [dropped, this.#dropped]) counts.set(reason, (counts.get(reason) ?? 0) + events);
  }

  /** It delivers, and has room again. */
  calm(): void {
    this.#end('telemetry.emitter_unblocked');
  }

  /** The emitter is closed. */
  close(): void {
    this.#end('telemetry.emitter_closed_blocked');
  }

  #begin(error: string): Outage {
    if (this.#outage === undefined) {
      this.#outage = { sinceMs: this.#clock.nowMs(), dropped: new Map() };
      this.#log.warn('telemetry.emitter_blocked', { emitter: this.#emitter, error });
    }
    return this.#outage;
  }

  #end(message: string): void {
    const outage = this.#outage;
    if (outage === undefined) return;
    this.#outage = undefined;
    const dropped = [...outage.dropped.values()].reduce((sum, count) => sum + count, 0);
    this.#log[dropped === 0 ? 'info' : 'warn'](message, {
      ...{ emitter: this.#emitter, outage_ms: this.#clock.nowMs() - outage.sinceMs, dropped },
      ...Object.fromEntries([...outage.dropped].map(([reason, count]) => [`dropped_${reason}`, count])),
    });
  }
}
