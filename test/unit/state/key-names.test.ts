import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKeyNames } from '../../../src/state/redis/key-names.ts';

const names = createKeyNames('condominium', 16);
const id = { jobType: 'send-receipt', tenant: 'acme' };
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
    const { tag, fence, key, job } = names(id);
    expect(tag).toMatch(/^\{condominium:send-receipt:\d+\}$/);
    expect(key('invoice/2026-10/7')).toBe(`${tag}:k:acme:invoice/2026-10/7`);
    expect(job(jobId)).toBe(`${tag}:j:acme:${jobId}`);
    expect(fence).toBe(`${tag}:fence`);
  });

  test('the bucket comes from the tenant alone and all buckets are used', () => {
    const bucketOf = (tag: string) => tag.split(':').at(-1);
    expect(bucketOf(names({ ...id, jobType: 'x' }).tag)).toBe(bucketOf(names(id).tag));
    const tags = Array.from({ length: 500 }, (_, i) => names({ ...id, tenant: `tenant-${i}` }).tag);
    expect(new Set(tags).size).toBe(16);
  });

  test('names stay the same when more tenants come than are remembered', () => {
    const nameOf = (i: number) => names({ ...id, tenant: `t-${i}` }).key('a');
    const before = [0, 1, 2].map(nameOf);
    for (let i = 0; i < 25_000; i += 1) nameOf(i);
    expect([0, 1, 2].map(nameOf)).toEqual(before);
  });

  test('no two lists of parts share a name, whatever the parts are', () => {
    const nameOf = ([namespace, jobType, tenant, key]: [string, string, string, string]) =>
      createKeyNames(namespace, 1)({ jobType, tenant }).key(key);
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
        const name = createKeyNames(text, 16)({ jobType: text, tenant: text }).key(text);
        expect(Buffer.byteLength(name)).toBeLessThan(250);
        expect(name).toMatch(/^\{[^{}:]+:[^{}:]+:\d+\}:k:[^{}:]+:[^{}:]+$/);
      }),
    );
  });
});
