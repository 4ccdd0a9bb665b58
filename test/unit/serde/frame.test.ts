import { describe, expect, it } from 'vitest';
import { readFrame, writeFrameHeader } from '../../../src/serde/frame.ts';

describe('the Confluent frame', () => {
  it('is 0, a big-endian int32 id, and the body', () => {
    const frame = Buffer.from([9, 9, 9, 9, 9, 1, 2]);
    writeFrameHeader(frame, 258);
    expect([...frame]).toEqual([0, 0, 0, 1, 2, 1, 2]);
    expect(readFrame(frame)).toEqual({ ok: true, schemaId: 258, bytes: frame });
  });

  it.each([
    ['a tombstone', null, 'TOMBSTONE'],
    ['no bytes', [], 'FRAME_TOO_SHORT'],
    ['four bytes', [0, 0, 0, 1], 'FRAME_TOO_SHORT'],
    ['another first byte', [1, 0, 0, 0, 1, 2], 'BAD_MAGIC_BYTE'],
    ['one wrong byte', [123], 'BAD_MAGIC_BYTE'],
    ['id 0', [0, 0, 0, 0, 0, 2], 'SCHEMA_ID_UNKNOWN'],
    ['a negative id', [0, 255, 255, 255, 255], 'SCHEMA_ID_UNKNOWN'],
  ])('refuses %s', (_, bytes, code) => {
    expect(readFrame(bytes === null ? null : Buffer.from(bytes))).toMatchObject({ ok: false, code });
  });
});
