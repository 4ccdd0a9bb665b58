import type { JobEvent } from '../../core/generated/job-event.ts';
import type { EmitterStatus, TelemetryEmitter } from '../../core/ports/telemetry-emitter.ts';

/** Keeps events, for tests: `const memory = new MemoryTelemetryEmitter(); defineApp({ …, emitters: [() => memory] })`. */
export class MemoryTelemetryEmitter implements TelemetryEmitter {
  readonly #name: string;
  readonly #events: JobEvent[] = [];

  constructor(name = 'memory') {
    this.#name = name;
  }

  /** What it was told, in order. */
  get events(): readonly JobEvent[] {
    return this.#events;
  }

  emit(event: JobEvent): void {
    this.#events.push(event);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  status(): readonly EmitterStatus[] {
    return [{ emitter: this.#name, pending: 0, delivered: this.#events.length, dropped: {} }];
  }
}
