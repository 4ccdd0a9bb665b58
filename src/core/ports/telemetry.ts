import type { EsteiraError } from '../errors.ts';
import type { JobEvent } from '../generated/job-event.ts';

/** An encoded telemetry event, ready to be written to the telemetry topic. */
export interface TelemetryRecord {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** How jobs are told. Implemented in src/telemetry; the engine knows only this port. */
export interface JobTelemetry {
  /** Encodes an event for the telemetry topic; the bytes can be kept and appended later, also by another process. */
  encode(event: JobEvent): TelemetryRecord;
  /** Resolves when the record is durable on the telemetry topic. Never gives up while the process lives. */
  append(record: TelemetryRecord): Promise<void>;
  /**
   * As `append`, without a promise: `done` is called exactly once, never before `post` has returned. It gets an error
   * only where trying again cannot help: ESTEIRA_RECORD_TOO_LARGE, or ESTEIRA_CLOSED once the producer is closed.
   */
  post(record: TelemetryRecord, done: (error?: EsteiraError) => void): void;
  /** Tells the local listeners (log lines, metrics). Never throws. */
  observe(event: JobEvent): void;
}
