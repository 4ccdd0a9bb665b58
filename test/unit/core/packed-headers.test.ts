import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeBody } from '../../../src/broker/kafka/record-body.ts';
import { type ByteSource, PackedHeaders, skipHeaders } from '../../../src/core/packed-headers.ts';
import type { HeaderEntry } from '../../../src/core/record.ts';

const packedAt = (source: ByteSource): PackedHeaders | undefined => {
  const { buffer, offset } = source;
  return skipHeaders(source) ? new PackedHeaders(buffer, offset) : undefined;
};
const readHeaders = (source: ByteSource) => packedAt(source)?.list();

/** Headers as they stand in a record, behind a key and a value that are null. */
const encoded = (headers: readonly HeaderEntry[]): Buffer => {
  const target = Buffer.alloc(100_000);
  return target.subarray(2, writeBody(target, 0, { key: null, value: null, headers }));
};

const shown = (headers: readonly HeaderEntry[] | undefined) =>
  headers?.map(([name, value]) => `${JSON.stringify(name)}=${value?.toString('hex') ?? 'null'}`);

const name = fc.oneof(
  fc.constantFrom('ce_id', 'ce_type', 'ce_source', '', '__proto__', 'n'.repeat(64), 'n'.repeat(200)),
  fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.toWellFormed()),
);
const value = fc.option(fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)));

describe('the headers of a record', () => {
  it('are read as they were written, and what stands behind them is left alone', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 70 }), (headers) => {
        const bytes = encoded(headers);
        const source = {
          buffer: Buffer.concat([Buffer.from('xx'), bytes, Buffer.from('behind')]),
          offset: 2,
        };
        expect(shown(readHeaders(source))).toEqual(shown(headers));
        expect(source.buffer.toString('latin1', source.offset)).toBe('behind');
      }),
    );
  });

  it('that have a value are told by where name and value stand', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 20 }), (headers) => {
        const told: string[] = [];
        packedAt({ buffer: encoded(headers), offset: 0 })?.each((bytes, nameStart, nameEnd, start, end) => {
          const one = bytes.toString('utf8', nameStart, nameEnd);
          told.push(`${JSON.stringify(one)}=${bytes.toString('hex', start, end)}`);
        });
        expect(told).toEqual(shown(headers.filter(([, bytes]) => bytes !== null)));
      }),
    );
  });

  it('whose names differ in a byte that tells nothing apart at first sight keep their names', () => {
    const names = ['aXcdefgh', 'aYcdefgh', 'aZcdefgh', 'aXcdefgh'];
    const headers = names.map((text): HeaderEntry => [text, null]);
    expect(readHeaders({ buffer: encoded(headers), offset: 0 })?.map(([text]) => text)).toEqual(names);
  });

  it('are refused when their bytes end early or make no sense', () => {
    const bytes = encoded([
      ['ce_id', Buffer.from('event-1')],
      ['ce_type', Buffer.from('shop.Paid')],
    ]);
    for (let length = 0; length < bytes.length; length++) {
      const source = { buffer: bytes.subarray(0, length), offset: 0 };
      expect(readHeaders(source), `${length} bytes`).toBeUndefined();
    }
    for (const odd of ['03', '01', 'feffffffffffffff7f', 'feffffff0f', '0203', '02007b', '020205'])
      expect(readHeaders({ buffer: Buffer.from(odd, 'hex'), offset: 0 }), odd).toBeUndefined();
  });
});
