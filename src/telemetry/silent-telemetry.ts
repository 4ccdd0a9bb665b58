import type { Log } from '../core/ports/log.ts';
import type { JobTelemetry, TelemetryRecord } from '../core/ports/telemetry.ts';
import { fanOut, type JobEventObserver } from './observer-fan.ts';

const NOTHING: TelemetryRecord = { key: Buffer.alloc(0), value: Buffer.alloc(0) };

/** Tells the observers of this process and nobody else. */
export const createSilentTelemetry = (observers: readonly JobEventObserver[], log: Log): JobTelemetry => ({
  encode: () => NOTHING,
  append: () => Promise.resolve(),
  post: (_record, done) => void setImmediate(done),
  postProgress: (_run, _record, done) => void setImmediate(done),
  progressDropped: 0,
  observe: fanOut(observers, log),
});
