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
  /**
   * As `post`, for what a run says of how far it is; `run` is its execution id. While records cannot be written, reports
   * beyond a bound give way to newer ones of their run: `done` is called for those too, and the last one is written.
   */
  postProgress(run: string, record: TelemetryRecord, done: (error?: EsteiraError) => void): void;
  /** How many reports of progress have given way since the start of the process, and were never written. */
  readonly progressDropped: number;
  /** Tells the local listeners (log lines, metrics). Never throws. */
  observe(event: JobEvent): void;
}
