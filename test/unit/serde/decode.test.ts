import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  AIActionConfirmed,
  type AIActionConfirmed as AIActionConfirmedRecord,
} from '../../../examples/condominium/generated/ai-action-confirmed.ts';
import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { TenantCreated } from '../../../examples/condominium/generated/tenant-created.ts';
import type { Decoded } from '../../../src/core/ports/serde.ts';
import { createMemorySource, createSerde, type SchemaSource } from '../../../src/serde/index.ts';
import { contractOf, framed, long } from './contracts.ts';
import { invoice, serdeOf } from './invoice.ts';

describe('decoding', () => {
  const decoded = async (): Promise<Decoded<InvoicePaid>> => {
    const serde = await serdeOf(InvoicePaid);
    return serde.decode(InvoicePaid, await serde.encode(InvoicePaid, invoice));
  };

  it('gives plain objects, all the way down', async () => {
    const result = await decoded();
    expect(result).toStrictEqual({ ok: true, schemaId: 1, value: invoice });
    if (!result.ok) throw new Error(result.code);
    expect(Object.getPrototypeOf(result.value)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(result.value.lines[0])).toBe(Object.prototype);
    expect({ ...result.value, currency: 'BRL' }).toStrictEqual({ ...invoice, currency: 'BRL' });
    expect(JSON.parse(JSON.stringify(result.value))).toStrictEqual(invoice);
    expect(structuredClone(result.value)).toStrictEqual(invoice);
  });

  it('carries the type of the contract', async () => {
    const serde = await serdeOf(AIActionConfirmed);
    const result = await serde.decode(AIActionConfirmed, null);
    if (result.ok) expectTypeOf(result.value).toEqualTypeOf<AIActionConfirmedRecord>();
    expect(result).toEqual({ ok: false, code: 'TOMBSTONE', detail: 'the value is null' });
  });

  it('keeps nothing of the bytes it was given', async () => {
    const contract = contractOf<{ bytes: Buffer }>('a.Blob', [{ name: 'bytes', type: 'bytes' }]);
    const serde = await serdeOf(contract);
    const bytes = await serde.encode(contract, { bytes: Buffer.from('kept') });
    const result = await serde.decode(contract, bytes);
    bytes.fill(0);
    expect(result).toMatchObject({ ok: true, value: { bytes: Buffer.from('kept') } });
  });

  it.each([
    ['nothing', []],
    ['a part', [8, 97, 99]],
    ['invalid UTF-8', [4, 0xc3, 0x28, 0, 0, 0, 0, 0, 0]],
  ])('answers BODY_MALFORMED for a body of %s', async (_, body) => {
    const serde = await serdeOf(InvoicePaid);
    expect(await serde.decode(InvoicePaid, framed(1, body))).toMatchObject({
      ok: false,
      code: 'BODY_MALFORMED',
    });
  });

  it('answers BODY_MALFORMED for trailing bytes', async () => {
    const serde = await serdeOf(InvoicePaid);
    const bytes = Buffer.concat([await serde.encode(InvoicePaid, invoice), Buffer.from([0])]);
    expect(await serde.decode(InvoicePaid, bytes)).toMatchObject({
      code: 'BODY_MALFORMED',
      detail: expect.stringContaining('bytes behind the record'),
    });
  });

  it.each([2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n])(
    'answers BODY_MALFORMED for the long %d',
    async (value) => {
      const contract = contractOf('a.Long', [{ name: 'n', type: 'long' }]);
      const serde = await serdeOf(contract);
      expect(await serde.decode(contract, framed(1, long(value)))).toEqual({
        ok: false,
        code: 'BODY_MALFORMED',
        detail: 'a long is beyond 2^53 (schema 1)',
      });
    },
  );

  it('answers BODY_MALFORMED for an int beyond 32 bits, an unknown symbol and an unknown branch', async () => {
    const contract = contractOf('a.Mixed', [
      { name: 'n', type: 'int' },
      { name: 'e', type: { type: 'enum', name: 'E', symbols: ['A', 'B'] } },
      { name: 'u', type: ['null', 'string'] },
    ]);
    const serde = await serdeOf(contract);
    expect(await serde.decode(contract, framed(1, [2, 2, 0]))).toMatchObject({
      ok: true,
      value: { n: 1, e: 'B', u: null },
    });
    for (const body of [
      [...long(2 ** 40), 2, 0],
      [2, 4, 0],
      [2, 1, 0],
      [2, 2, 4],
      [2, 2, 1],
    ]) {
      expect(await serde.decode(contract, framed(1, body))).toMatchObject({ code: 'BODY_MALFORMED' });
    }
  });

  it('answers SCHEMA_ID_UNKNOWN when the source does not have the id', async () => {
    const serde = await serdeOf(InvoicePaid);
    expect(await serde.decode(InvoicePaid, framed(77, [0]))).toEqual({
      ok: false,
      code: 'SCHEMA_ID_UNKNOWN',
      detail: 'the registry has no schema 77',
    });
  });

  it('answers SCHEMA_MISMATCH for another record, at once for the same writer, and tells it once', async () => {
    const told: unknown[] = [];
    const source = createMemorySource([InvoicePaid, TenantCreated]);
    const serde = createSerde({
      source,
      log: { warn: (message, facts) => void told.push([message, facts?.['schemaId']]) },
    });
    const foreign = await serde.encode(TenantCreated, {
      tenantId: 't',
      name: 'n',
      plan: 'FREE',
      units: 1,
      createdAt: 1,
    });
    const expected = {
      ok: false,
      code: 'SCHEMA_MISMATCH',
      detail: 'schema 2 is of condominium.events.TenantCreated, not of condominium.events.InvoicePaid',
    };
    expect(await serde.decode(InvoicePaid, foreign)).toEqual(expected);
    expect(serde.decode(InvoicePaid, foreign)).toEqual(expected);
    expect(told).toEqual([['schema cannot be read', 2]]);
  });

  it.each([
    ['protobuf text', 'syntax = "proto3";'],
    ['a primitive', '"string"'],
    [
      'a reference to another subject',
      { type: 'record', name: 'a.R', fields: [{ name: 'x', type: 'b.Elsewhere' }] },
    ],
  ])('answers SCHEMA_MISMATCH when the id is of %s', async (_, schema) => {
    const source: SchemaSource = { schemaById: async () => schema, idOf: async () => undefined };
    const serde = createSerde({ source });
    expect(await serde.decode(InvoicePaid, framed(1, [0]))).toMatchObject({ code: 'SCHEMA_MISMATCH' });
  });

  it('passes on that the registry is unavailable, and answers once it is back', async () => {
    let up = false;
    const memory = createMemorySource([InvoicePaid]);
    const bytes = await createSerde({ source: memory }).encode(InvoicePaid, invoice);
    const source: SchemaSource = {
      ...memory,
      schemaById: (id) => (up ? memory.schemaById(id) : Promise.reject(new Error('down'))),
    };
    const serde = createSerde({ source });
    await expect(serde.decode(InvoicePaid, bytes)).rejects.toThrow('down');
    up = true;
    expect(await serde.decode(InvoicePaid, bytes)).toMatchObject({ ok: true });
  });

  it('names the record of a value, and of none when it cannot be known', async () => {
    const serde = createSerde({ source: createMemorySource([InvoicePaid]) });
    const bytes = framed(1, []);
    expect(await serde.recordName(bytes)).toBe('condominium.events.InvoicePaid');
    expect(serde.recordName(bytes)).toBe('condominium.events.InvoicePaid');
    expect(await serde.recordName(framed(9, []))).toBeUndefined();
    expect(serde.recordName(null)).toBeUndefined();
    expect(serde.recordName(Buffer.from('{}'))).toBeUndefined();
  });
});
