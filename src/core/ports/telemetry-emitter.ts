import type { Clock } from '../clock.ts';
import type { JobEvent } from '../generated/job-event.ts';
import type { Log } from './log.ts';

/** How an emitter is doing; counts are since the start of the process. */
export interface EmitterStatus {
  /** Its name, unique in the app. */
  readonly emitter: string;
  /** Events that it has taken, and that are neither delivered nor dropped yet. */
  readonly pending: number;
  readonly delivered: number;
  /** Events that were not delivered and will not be, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** What an emitter is given when the process starts. */
export interface EmitterParts {
  /** Name of the app. */
  readonly app: string;
  readonly log: Log;
  readonly clock: Clock;
}

/**
 * Sends the job events of this process to somewhere else than the telemetry topic, as well as it can: jobs never wait for
 * it. The topic alone has every event for good.
 */
export interface TelemetryEmitter {
  /** Takes an event. Must not wait; what it throws is logged once and hurts nobody. */
  emit(event: JobEvent): void;
  /** Sends what it still holds, and drops what has not left after `withinMs`. */
  close(withinMs: number): Promise<void>;
  /** One entry for each place it sends to. */
  status(): readonly EmitterStatus[];
}

/** Makes an emitter when a process starts; `defineApp` keeps the function, so that loading an app opens nothing. */
export type MakeEmitter = (parts: EmitterParts) => TelemetryEmitter;
