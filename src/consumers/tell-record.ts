import type { EsteiraError } from '../core/errors.ts';
import type { JobEvent } from '../core/generated/job-event.ts';
import type { JobTelemetry, TelemetryRecord } from '../core/ports/telemetry.ts';
import type { Entry } from './entry.ts';

export interface TellingParts {
  readonly telemetry: JobTelemetry;
  /** A record that can never be told: its job must not be settled as if it were. */
  readonly onTellingFailed: (error: EsteiraError) => void;
}

/** Writes a telemetry record of an entry; the entry is not settled before it is durable. */
export const tellRecord = (parts: TellingParts, entry: Entry, record: TelemetryRecord): void => {
  entry.telling();
  parts.telemetry.post(record, toldOf(parts, entry));
};

const toldOf =
  (parts: TellingParts, entry: Entry) =>
  (error?: EsteiraError): void => {
    if (error === undefined) entry.told();
    else parts.onTellingFailed(error);
  };

/** Tells how far a run is; all but the last report may give way while telemetry cannot be written. */
export const tellProgress = (parts: TellingParts, entry: Entry, run: string, event: JobEvent): void => {
  parts.telemetry.observe(event);
  entry.telling();
  parts.telemetry.postProgress(run, parts.telemetry.encode(event), toldOf(parts, entry));
};

/** Tells an event at once: to the listeners of this process, and on the telemetry topic. */
export const tellEvent = (parts: TellingParts, entry: Entry, event: JobEvent): void => {
  parts.telemetry.observe(event);
  tellRecord(parts, entry, parts.telemetry.encode(event));
};
