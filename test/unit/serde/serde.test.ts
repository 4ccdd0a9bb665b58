import avsc from 'avsc';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  AIActionConfirmed,
  type AIActionConfirmed as AIActionConfirmedRecord,
} from '../../../examples/condominium/generated/ai-action-confirmed.ts';
import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { SubscriptionCanceled } from '../../../examples/condominium/generated/subscription-canceled.ts';
import { TenantCreated } from '../../../examples/condominium/generated/tenant-created.ts';
import type { Json } from '../../../src/core/contract.ts';
import type { Decoded } from '../../../src/core/ports/serde.ts';
import { createMemorySource, createSerde, type SchemaSource } from '../../../src/serde/index.ts';
import { contractOf, framed, long } from './contracts.ts';

const invoice: InvoicePaid = {
  tenantId: 'acme',
  invoiceId: 'i-1',
  paymentId: 'p-1',
  amountCents: 129_900,
  currency: 'EUR',
  lines: [{ description: 'Água e gás 💧', amountCents: 129_900 }],
  paidAt: 1_790_000_000_000,
};

const serdeOf = async (...contracts: Parameters<typeof createMemorySource>[0] & {}) => {
  const serde = createSerde({ source: createMemorySource(contracts) });
  await serde.warm(contracts);
  return serde;
};

const counting = (source: SchemaSource) => {
  const asked: string[] = [];
  const counted: SchemaSource = {
    schemaById: (id) => {
      asked.push(`schema ${id}`);
      return source.schemaById(id);
    },
    idOf: (subject, schema) => {
      asked.push(`id of ${subject}`);
      return source.idOf(subject, schema);
    },
  };
  return { asked, counted };
};

describe('encoding', () => {
  it('writes the frame header and exactly the bytes that avsc writes', async () => {
    const serde = await serdeOf(TenantCreated, InvoicePaid);
    const bytes = await serde.encode(InvoicePaid, invoice);
    const plain = avsc.Type.forSchema(JSON.parse(JSON.stringify(InvoicePaid.schema)));
    expect(bytes.subarray(0, 5)).toEqual(Buffer.from([0, 0, 0, 0, 2]));
    expect(bytes.subarray(5)).toEqual(plain.toBuffer(invoice));
  });

  it('is synchronous once warm, and never asks again', async () => {
    const { asked, counted } = counting(createMemorySource([InvoicePaid]));
    const serde = createSerde({ source: counted });
    expect(serde.encode(InvoicePaid, invoice)).toBeInstanceOf(Promise);
    await serde.warm([InvoicePaid]);
    const bytes = serde.encode(InvoicePaid, invoice);
    expect(bytes).toBeInstanceOf(Buffer);
    expect(serde.decode(InvoicePaid, await bytes)).toMatchObject({ ok: true });
    expect(asked).toEqual(['id of condominium.events.InvoicePaid', 'id of condominium.events.InvoicePaid']);
  });

  it('takes the value as it was when called, though the id comes later', async () => {
    const serde = createSerde({ source: createMemorySource([InvoicePaid]) });
    const mutable = { ...invoice };
    const bytes = serde.encode(InvoicePaid, mutable);
    mutable.currency = 'XXX';
    expect(await serde.decode(InvoicePaid, await bytes)).toMatchObject({ value: { currency: 'EUR' } });
  });

  it('gives every result its own bytes', async () => {
    const serde = await serdeOf(InvoicePaid);
    const first = await serde.encode(InvoicePaid, invoice);
    const before = Buffer.from(first);
    await serde.encode(InvoicePaid, { ...invoice, tenantId: 'another' });
    expect(first).toEqual(before);
  });

  it('writes values larger than its scratch buffer, and large ones after them', async () => {
    const serde = await serdeOf(InvoicePaid);
    for (const length of [100_000, 3_000_000, 20_000]) {
      const large = { ...invoice, tenantId: 'x'.repeat(length) };
      const decoded = await serde.decode(InvoicePaid, await serde.encode(InvoicePaid, large));
      expect(decoded).toEqual({ ok: true, value: large, schemaId: 1 });
    }
  });

  it('fills fields left out from their defaults and leaves out what the schema does not have', async () => {
    const serde = await serdeOf(SubscriptionCanceled);
    const value: Record<string, unknown> = {
      tenantId: 't',
      subscriptionId: 's',
      effectiveAt: 5,
      more: 'than asked',
    };
    const bytes = await serde.encode(SubscriptionCanceled, value as unknown as SubscriptionCanceled);
    expect(await serde.decode(SubscriptionCanceled, bytes)).toEqual({
      ok: true,
      schemaId: 1,
      value: { tenantId: 't', subscriptionId: 's', reason: null, effectiveAt: 5 },
    });
  });

  it('refuses a contract that is not registered and says what to run', async () => {
    const serde = createSerde({ source: createMemorySource([InvoicePaid]) });
    await expect(
      serde.encode(TenantCreated, { tenantId: 't', name: 'n', plan: 'FREE', units: 1, createdAt: 1 }),
    )
      .rejects // prettier
      .toMatchObject({
        code: 'ESTEIRA_SCHEMA_NOT_REGISTERED',
        message: expect.stringContaining('schemas register'),
      });
    await expect(serde.warm([InvoicePaid, TenantCreated, AIActionConfirmed])).rejects.toMatchObject({
      facts: { subjects: ['condominium.events.TenantCreated', 'condominium.events.AIActionConfirmed'] },
    });
  });

  it('takes the same name with another schema for another contract', async () => {
    const changed = {
      ...InvoicePaid,
      schema: { ...(InvoicePaid.schema as object), doc: 'Changed.' } as Json,
    };
    const serde = createSerde({ source: createMemorySource([InvoicePaid]) });
    await expect(serde.encode(changed, invoice)).rejects.toMatchObject({
      code: 'ESTEIRA_SCHEMA_NOT_REGISTERED',
    });
  });

  it('refuses a contract whose schema is not Avro or has another name', () => {
    const serde = createSerde({ source: createMemorySource() });
    const broken = contractOf('a.Broken', [{ name: 'x', type: 'strng' }]);
    expect(() => serde.encode(broken, {})).toThrowError(
      expect.objectContaining({ code: 'ESTEIRA_SCHEMA_INVALID' }),
    );
    const misnamed = { ...InvoicePaid, name: 'condominium.events.Other' };
    expect(() => serde.encode(misnamed, invoice)).toThrowError(/not a record of that name/);
  });
});

describe('a payload that breaks its schema', () => {
  const rejects = async (value: unknown) => {
    const serde = await serdeOf(InvoicePaid);
    try {
      await serde.encode(InvoicePaid, value as InvoicePaid);
    } catch (error) {
      return error as { code: string; message: string; facts: { paths: string[] }; cause?: unknown };
    }
    throw new Error('it was accepted');
  };

  it('is refused with the path of every breach', async () => {
    const error = await rejects({
      ...invoice,
      tenantId: 7,
      lines: [...invoice.lines, { description: 'x', amountCents: 1.5 }],
      paidAt: new Date(),
    });
    expect(error.code).toBe('ESTEIRA_PAYLOAD_INVALID');
    expect(error.facts.paths).toEqual(['tenantId', 'lines[1].amountCents', 'paidAt']);
    expect(error.message).toContain('lines[1].amountCents (must be long)');
  });

  it('is refused without a word of the payload: it may be personal data', async () => {
    const contract = contractOf<unknown>('a.Person', [
      { name: 'name', type: 'int' },
      { name: 'contacts', type: { type: 'map', values: 'int' } },
    ]);
    const serde = await serdeOf(contract);
    const value = { name: 'Maria Secret', contacts: { 'maria@example.com': 'secret' } };
    const thrown = await Promise.resolve()
      .then(() => serde.encode(contract, value))
      .catch((error) => error);
    expect(thrown.facts.paths).toEqual(['name', 'contacts[*]']);
    expect(JSON.stringify([thrown.message, thrown.facts, thrown.stack])).not.toMatch(/Maria|maria|secret/);
    expect(thrown.cause).toBeUndefined();
  });

  it.each([
    ['null', null],
    ['undefined', undefined],
    ['a string', 'text'],
    ['an empty object', {}],
    ['a bigint', { ...invoice, amountCents: 5n }],
    ['a long beyond 2^53', { ...invoice, amountCents: 2 ** 53 }],
    ['NaN as a long', { ...invoice, amountCents: Number.NaN }],
    ['null in a plain field', { ...invoice, currency: null }],
  ])('is refused when it is %s', async (_, value) => {
    expect(await rejects(value)).toMatchObject({ code: 'ESTEIRA_PAYLOAD_INVALID' });
  });

  it('names at most twenty places', async () => {
    const lines = Array.from({ length: 500 }, () => ({ description: 1, amountCents: 'x' }));
    expect((await rejects({ ...invoice, lines })).facts.paths).toHaveLength(20);
  });

  it.each(['constructor', 'toString', '__proto__', ['FREE'], 0])(
    'is refused when an enum is %j (avsc took it)',
    async (plan) => {
      const serde = await serdeOf(TenantCreated);
      const value = { tenantId: 't', name: 'n', plan, units: 1, createdAt: 1 } as unknown as TenantCreated;
      expect(() => serde.encode(TenantCreated, value)).toThrowError(
        /plan \(must be one of FREE, STANDARD, PREMIUM\)/,
      );
    },
  );
});

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
