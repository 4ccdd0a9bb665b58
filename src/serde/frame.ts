import type { UndecodableCode } from '../core/ports/serde.ts';

/** Bytes before the body: 0, then the schema id as a big-endian int32. */
export const FRAME_HEADER_BYTES = 5;

const MAGIC_BYTE = 0;

/** The largest schema id the frame can carry. */
export const LARGEST_SCHEMA_ID = 2 ** 31 - 1;

/** The schema a value was written with, or why it is no frame. Its body is what stands behind the header. */
export type Frame =
  | { readonly ok: true; readonly schemaId: number; readonly bytes: Buffer }
  | { readonly ok: false; readonly code: UndecodableCode; readonly detail: string };

/** Reads the header of a value. Ids below 1 are given by no registry, so none is asked for them. */
export const readFrame = (bytes: Buffer | null): Frame => {
  if (bytes === null) return { ok: false, code: 'TOMBSTONE', detail: 'the value is null' };
  if (bytes.length > 0 && bytes[0] !== MAGIC_BYTE) {
    return { ok: false, code: 'BAD_MAGIC_BYTE', detail: 'the first byte is not 0' };
  }
  if (bytes.length < FRAME_HEADER_BYTES) {
    return { ok: false, code: 'FRAME_TOO_SHORT', detail: `${bytes.length} bytes, a frame has at least 5` };
  }
  const schemaId = bytes.readInt32BE(1);
  if (schemaId < 1)
    return { ok: false, code: 'SCHEMA_ID_UNKNOWN', detail: `schema id ${schemaId} cannot exist` };
  return { ok: true, schemaId, bytes };
};

/** Writes the frame's header over the first five bytes. */
export const writeFrameHeader = (frame: Buffer, schemaId: number): void => {
  frame.writeUInt8(MAGIC_BYTE, 0);
  frame.writeInt32BE(schemaId, 1);
};
