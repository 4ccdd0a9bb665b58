import type { JobEvent } from '../../core/generated/job-event.ts';
import type { EmitterParts, EmitterStatus, TelemetryEmitter } from '../../core/ports/telemetry-emitter.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import {
  type HTTPTelemetryEmitterOptions,
  type HttpEmitterSettings,
  resolveHttpOptions,
} from './http-options.ts';
import { type HttpTarget, postBatch } from './http-post.ts';
import { OutageVoice } from './outage-voice.ts';

/**
 * Posts job events to an HTTP address, such as a data lake's, in batches: `emitters: [(parts) => new
 * HTTPTelemetryEmitter(parts, { url })]`. Each event is delivered at least once while the buffer has room for it and the
 * process lives; what is not is counted by reason in `status()`, and logged once for each outage.
 */
export class HTTPTelemetryEmitter implements TelemetryEmitter {
  readonly #settings: HttpEmitterSettings;
  readonly #queue: DeliveryQueue;
  readonly #voice: OutageVoice;

  /** @throws EsteiraError ESTEIRA_DEFINITION_INVALID with all that is wrong with the options. */
  constructor({ log, clock }: Pick<EmitterParts, 'log' | 'clock'>, options: HTTPTelemetryEmitterOptions) {
    this.#settings = resolveHttpOptions(options);
    const { name, batch, buffer, backoff } = this.#settings;
    const target: HttpTarget = { ...this.#settings, clock };
    this.#voice = new OutageVoice(name, { log, clock });
    this.#queue = new DeliveryQueue({
      ...{ clock, voice: this.#voice, batch, buffer, backoff },
      send: (events, stop) => postBatch(target, events, stop),
    });
  }

  emit(event: JobEvent): void {
    const { types, shape } = this.#settings;
    if (!types.has(event.type)) return;
    const text = this.#textOf(shape, event);
    if (text !== undefined) this.#queue.add({ eventId: event.eventId, text, bytes: Buffer.byteLength(text) });
  }

  close(withinMs: number): Promise<void> {
    return this.#queue.close(withinMs);
  }

  status(): readonly EmitterStatus[] {
    const { pending, delivered } = this.#queue;
    return [{ emitter: this.#settings.name, pending, delivered, dropped: this.#voice.dropped }];
  }

  #textOf(shape: HttpEmitterSettings['shape'], event: JobEvent): string | undefined {
    try {
      return JSON.stringify(shape(event));
    } catch (error) {
      // The app's own function; its message may quote what must not leave.
      const what = error instanceof Error ? error.name : typeof error;
      this.#voice.drop('payload_failed', 1, `its payload function threw ${what}`);
      return undefined;
    }
  }
}
