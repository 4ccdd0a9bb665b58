import type { TelemetryRecord } from '../core/ports/telemetry.ts';

/** A telemetry record as one piece of bytes, as a done mark holds it: length of the key, key, value. */
export const packEvent = ({ key, value }: TelemetryRecord): Buffer => {
  const head = Buffer.allocUnsafe(2);
  head.writeUInt16BE(key.length);
  return Buffer.concat([head, key, value]);
};

/** The record that {@link packEvent} packed. */
export const unpackEvent = (packed: Buffer): TelemetryRecord => {
  const keyEnd = 2 + packed.readUInt16BE(0);
  return { key: packed.subarray(2, keyEnd), value: packed.subarray(keyEnd) };
};
