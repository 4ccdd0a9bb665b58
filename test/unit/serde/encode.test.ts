import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AIActionConfirmed } from '../../../examples/condominium/generated/ai-action-confirmed.ts';
import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { SubscriptionCanceled } from '../../../examples/condominium/generated/subscription-canceled.ts';
import { TenantCreated } from '../../../examples/condominium/generated/tenant-created.ts';
import type { Json } from '../../../src/core/contract.ts';
import { createMemorySource, createSerde, type SchemaSource } from '../../../src/serde/index.ts';
import { contractOf } from './contracts.ts';
import { invoice, serdeOf } from './invoice.ts';

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

  // Small ones stand one behind the other in shared memory, large ones alone.
  it('leaves what it gave as it was, whatever is encoded after it', async () => {
    const note = contractOf<{ text: string }>('a.Note', [{ name: 'text', type: 'string' }]);
    const serde = await serdeOf(note);
    const length = fc.oneof(fc.nat(80), fc.nat(3_000), fc.nat(70_000));
    const sign = fc.constantFrom('a', 'ç', '🙂', '\0');
    const texts = fc.array(
      fc.tuple(sign, length).map(([one, times]) => one.repeat(times)),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(texts, async (given) => {
        const frames: Buffer[] = [];
        for (const text of given) frames.push(await serde.encode(note, { text }));
        for (const [index, text] of given.entries()) {
          expect(await serde.decode(note, frames[index] ?? null)).toMatchObject({ value: { text } });
        }
      }),
      { numRuns: 20 },
    );
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
    ).rejects.toMatchObject({
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
