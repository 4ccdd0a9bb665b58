import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKeyNames } from '../../../src/state/redis/key-names.ts';

const names = createKeyNames('condominium', 16);
const id = { jobType: 'send-receipt', tenant: 'acme', idempotencyKey: 'invoice/2026-10/7' };
const jobId = '0c0e6d8a-1111-5222-9333-000000000001';

/** Texts that like to collide: short, with separators and escapes, or long with one difference at the end. */
const part = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', ':', '~', '{', '}', '_'), maxLength: 4 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom(...['1', '2'].map((end) => 'x'.repeat(60) + end)),
);
const parts = fc.tuple(part, part, part, part);

describe('key names', () => {
  test('short plain parts are readable', () => {
    const tag = names.tag(id);
    expect(tag).toMatch(/^\{condominium:send-receipt:\d+\}$/);
    expect(names.key(tag, id)).toBe(`${tag}:k:acme:invoice/2026-10/7`);
    expect(names.job(tag, { ...id, jobId })).toBe(`${tag}:j:acme:${jobId}`);
    expect(names.fence(tag)).toBe(`${tag}:fence`);
  });

  test('the bucket comes from the tenant alone and all buckets are used', () => {
    expect(
      names
        .tag({ ...id, jobType: 'x' })
        .split(':')
        .at(-1),
    ).toBe(names.tag(id).split(':').at(-1));
    const tags = Array.from({ length: 500 }, (_, i) => names.tag({ ...id, tenant: `tenant-${i}` }));
    expect(new Set(tags).size).toBe(16);
  });

  test('no two lists of parts share a name, whatever the parts are', () => {
    const nameOf = ([namespace, jobType, tenant, idempotencyKey]: [string, string, string, string]) => {
      const of = createKeyNames(namespace, 1);
      return of.key(of.tag({ jobType, tenant }), { jobType, tenant, idempotencyKey });
    };
    fc.assert(
      fc.property(parts, parts, (left, right) => {
        const same = left.every((text, i) => text === right[i]);
        expect(nameOf(left) === nameOf(right)).toBe(same);
      }),
      { numRuns: 2_000 },
    );
  });

  test('names are bounded, hold no separator of a part, and one hash tag', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const of = createKeyNames(text, 16);
        const all = { jobType: text, tenant: text, idempotencyKey: text, jobId: text };
        const name = of.key(of.tag(all), all);
        expect(Buffer.byteLength(name)).toBeLessThan(250);
        expect(name).toMatch(/^\{[^{}:]+:[^{}:]+:\d+\}:k:[^{}:]+:[^{}:]+$/);
      }),
    );
  });
});
