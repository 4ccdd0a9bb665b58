import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hardenClient } from '../../../../src/broker/kafka/client-patch.ts';
import { crc32c } from '../../../../src/broker/kafka/crc32c.ts';
import { wireHeaders } from '../../../../src/broker/kafka/headers.ts';
import { RecordBatch, stampBatch } from '../../../../src/broker/kafka/record-batch.ts';
import type { RecordContent } from '../../../../src/broker/kafka/record-body.ts';
import { PackedHeaders } from '../../../../src/core/packed-headers.ts';
import type { HeaderEntry } from '../../../../src/core/record.ts';

interface DecodedRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: object;
  readonly timestamp: string;
  readonly offset: string;
}

interface DecodedBatch {
  readonly records: readonly DecodedRecord[];
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly lastOffsetDelta: number;
  readonly maxTimestamp: string;
}

const require = createRequire(import.meta.url);
hardenClient();
const Decoder: new (bytes: Buffer) => unknown = require('kafkajs/src/protocol/decoder');
const decode: (
  decoder: unknown,
) => Promise<DecodedBatch> = require('kafkajs/src/protocol/recordBatch/v0/decoder');

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)));
const header = fc.tuple(
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom('a', 'b', '1', 'constructor', '__proto__'),
  ),
  bytes,
);
const largeBytes = fc.integer({ min: 8_100, max: 8_300 }).map((length) => Buffer.alloc(length, 'x'));
const record = fc.record({
  key: bytes,
  value: fc.oneof({ weight: 9, arbitrary: bytes }, { weight: 1, arbitrary: largeBytes }),
  headers: fc.array(header, { maxLength: 6 }),
  timestampMs: fc.integer({ min: 1, max: 4_102_444_800_000 }),
});

/** By the definition, a bit at a time. */
const bitwise = (data: Buffer): number => {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
};

const batchOf = (records: readonly (RecordContent & { readonly timestampMs: number })[]): RecordBatch => {
  const batch = new RecordBatch();
  for (const one of records) expect(batch.add(one, one.timestampMs)).toBe(true);
  return batch;
};

const hex = (data: Buffer | null | undefined): string | null => data?.toString('hex') ?? null;

const asText = (headers: readonly HeaderEntry[]): readonly string[] =>
  headers.map(([name, value]) => `${name}=${value?.toString('hex') ?? 'null'}`);

describe('a record batch', () => {
  it('is read by the decoder of the client as what was put in: bytes, nulls, times, headers in their order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        async (records, isAgain) => {
          const batch = isAgain ? RecordBatch.of(batchOf(records).records()).seal() : batchOf(records).seal();
          stampBatch(batch, { producerId: 9_007_199_254_740_993n, producerEpoch: 3, baseSequence: 77 });
          const decoded = await decode(new Decoder(batch));
          expect(decoded.records).toHaveLength(records.length);
          expect(decoded).toMatchObject({
            producerId: '9007199254740993',
            producerEpoch: 3,
            firstSequence: 77,
          });
          expect(decoded.lastOffsetDelta).toBe(records.length - 1);
          expect(Number(decoded.maxTimestamp)).toBe(
            Math.max(...records.map(({ timestampMs }) => timestampMs)),
          );
          for (const [n, one] of decoded.records.entries()) {
            expect([hex(one.key), hex(one.value)]).toEqual([hex(records[n]?.key), hex(records[n]?.value)]);
            expect(Number(one.timestamp)).toBe(records[n]?.timestampMs);
            const wire = wireHeaders(one.headers);
            expect(asText(wire instanceof PackedHeaders ? wire.list() : wire)).toEqual(
              asText(records[n]?.headers ?? []),
            );
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('has the checksum brokers ask for', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.from('..123456789'), 2)).toBe(0xe3069283);
    for (let length = 0; length < 70; length++)
      for (let start = 0; start < 6; start++) {
        const text = Buffer.from('x'.repeat(start) + 'An owl hoots at dusk. '.repeat(4).slice(0, length));
        expect(crc32c(text, start), `${length} bytes from ${start}`).toBe(bitwise(text.subarray(start)));
      }
    const batch = batchOf([{ key: null, value: null, headers: [], timestampMs: 1 }]).seal();
    stampBatch(batch, { producerId: 1n, producerEpoch: 0, baseSequence: 0 });
    const first = batch.readUInt32BE(17);
    stampBatch(batch, { producerId: 1n, producerEpoch: 0, baseSequence: 1 });
    expect(batch.readUInt32BE(17)).not.toBe(first);
    expect(batch.readUInt32BE(17)).toBe(crc32c(batch, 21));
  });
});
