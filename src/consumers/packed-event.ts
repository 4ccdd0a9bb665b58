import type { TelemetryRecord } from '../core/ports/telemetry.ts';

/** A telemetry record as one piece of bytes, as a done mark holds it: length of the key, key, value. */
export const packEvent = ({ key, value }: TelemetryRecord): Buffer => {
  const packed = Buffer.allocUnsafe(2 + key.length + value.length);
  packed.writeUInt16BE(key.length);
  packed.set(key, 2);
  packed.set(value, 2 + key.length);
  return packed;
};

/** The record that {@link packEvent} packed. */
export const unpackEvent = (packed: Buffer): TelemetryRecord => {
  const keyEnd = 2 + packed.readUInt16BE(0);
  return { key: packed.subarray(2, keyEnd), value: packed.subarray(keyEnd) };
};
