import { performance } from 'node:perf_hooks';
import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AIActionConfirmed } from '../../../examples/condominium/generated/ai-action-confirmed.ts';
import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { SubscriptionCanceled } from '../../../examples/condominium/generated/subscription-canceled.ts';
import { TenantCreated } from '../../../examples/condominium/generated/tenant-created.ts';
import type { AvroContract } from '../../../src/core/contract.ts';
import { AuditRecord } from '../../../src/core/generated/audit-record.ts';
import { JobEvent } from '../../../src/core/generated/job-event.ts';
import { JobFailed } from '../../../src/core/generated/job-failed.ts';
import { createMemorySource, createSerde } from '../../../src/serde/index.ts';
import { arbitraryFor, EVERYTHING } from './arbitraries.ts';
import { contractOf, long } from './contracts.ts';

const CONTRACTS: readonly AvroContract<unknown>[] = [
  AIActionConfirmed,
  InvoicePaid,
  SubscriptionCanceled,
  TenantCreated,
  JobEvent,
  JobFailed,
  AuditRecord,
  EVERYTHING,
];

const serde = createSerde({ source: createMemorySource(CONTRACTS) });

describe.each(CONTRACTS.map((contract) => [contract.name, contract] as const))('%s', (_, contract) => {
  const plain = avsc.Type.forSchema(JSON.parse(JSON.stringify(contract.schema)), { wrapUnions: 'never' });

  it('comes back equal from its bytes, which are those of avsc', async () => {
    await serde.warm(CONTRACTS);
    fc.assert(
      fc.property(arbitraryFor(contract), (value) => {
        const bytes = serde.encode(contract, value);
        if (bytes instanceof Promise) throw new Error('not warm');
        expect(bytes.subarray(5).equals(plain.toBuffer(value))).toBe(true);
        expect(serde.decode(contract, bytes)).toStrictEqual({
          ok: true,
          value,
          schemaId: bytes.readInt32BE(1),
        });
      }),
      { numRuns: 200 },
    );
  });

  it('answers, and at once, however its bytes are cut or changed', async () => {
    await serde.warm(CONTRACTS);
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 8 });
    const slow: number[] = [];
    fc.assert(
      fc.property(arbitraryFor(contract), changes, fc.option(fc.nat()), (value, flips, cut) => {
        const bytes = serde.encode(contract, value);
        if (bytes instanceof Promise) throw new Error('not warm');
        for (const [at, byte] of flips) bytes[5 + (at % Math.max(1, bytes.length - 5))] = byte;
        const body = cut === null ? bytes : bytes.subarray(0, 5 + (cut % Math.max(1, bytes.length - 5)));
        const started = performance.now();
        const result = serde.decode(contract, body);
        const tookMs = performance.now() - started;
        if (tookMs > 50) slow.push(tookMs);
        if (result instanceof Promise) throw new Error('asked again');
        if (!result.ok) expect(result.code).toBe('BODY_MALFORMED');
        // What is accepted is a value of the schema: it can be written again.
        if (result.ok) expect(() => plain.toBuffer(result.value)).not.toThrow();
      }),
      { numRuns: 300 },
    );
    // One pause of the machine may look like a slow decoding; two of 300 do not happen by chance.
    expect(slow.length).toBeLessThan(2);
  });
});

describe('a long of more than 52 bits', () => {
  it.each([2 ** 52, 2 ** 53 - 1])('comes back as it was, and so does its negative: %i', async (value) => {
    // avsc doubles the number in floating point: -(2^52 + 1) came back as 2^52, with another sign.
    const contract = contractOf<{ n: number }>('a.Long', [{ name: 'n', type: 'long' }]);
    const own = createSerde({ source: createMemorySource([contract]) });
    for (const n of [value - 1, value, -value + 1, -value, -value - (value === 2 ** 52 ? 1 : 0)]) {
      const bytes = await own.encode(contract, { n });
      expect([...bytes.subarray(5)]).toEqual(long(n));
      expect(await own.decode(contract, bytes)).toStrictEqual({ ok: true, schemaId: 1, value: { n } });
    }
  });
});

describe('half a surrogate pair, as a text cut inside an emoji has', () => {
  it.each([5, 100])('is written as U+FFFD, in a text of %i characters and in map keys', async (length) => {
    const contract = contractOf<{ text: string; map: Record<string, number> }>('a.Cut', [
      { name: 'text', type: 'string' },
      { name: 'map', type: { type: 'map', values: 'int' } },
    ]);
    const cut = `${'x'.repeat(length)}💧`.slice(0, -1);
    const own = createSerde({ source: createMemorySource([contract]) });
    const whole = cut.toWellFormed();
    expect(
      await own.decode(contract, await own.encode(contract, { text: cut, map: { [cut]: 1 } })),
    ).toStrictEqual({
      ok: true,
      schemaId: 1,
      value: { text: whole, map: { [whole]: 1 } },
    });
  });
});
