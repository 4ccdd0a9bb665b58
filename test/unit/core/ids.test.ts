import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deterministicId, eventIdOf, jobIdOf, randomId } from '../../../src/core/ids.ts';

describe('a deterministic id', () => {
  // Computed by hand in Python from the namespace 6f1d2c7e-9b4a-4d0e-8c3a-5e7f10b2d493: other languages rely on it.
  it('is the UUIDv5 of "<bytes>:<part>" for each part', () => {
    expect(jobIdOf('condominium', 'send-receipt', 'billing', 'evt-1')).toBe(
      '3189127d-e6e9-5fec-a261-e7ced58ebfaf',
    );
    expect(deterministicId('a', 'bc')).toBe('bf7e4c77-3d28-50c2-bcbb-4676dbd4e08a');
  });

  // Lengths were counted in UTF-16 units, which no language but a few counts in; bytes of UTF-8 all can count.
  it('counts the length of a part in bytes of UTF-8', () => {
    const id = jobIdOf('condominium', 'send-receipt', 'caixa-econômica', 'pix-🙂');
    expect(id).toBe('2fa6b8f0-7529-5bea-97b7-889814117458');
  });

  it('tells parts apart that read the same when joined', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(deterministicId(...one)).not.toBe(deterministicId(...other));
      }),
      {
        examples: [
          [
            ['a', 'bc'],
            ['ab', 'c'],
          ],
          [['1:a'], ['1', 'a']],
          [['a'], ['a', '']],
          [[], ['']],
        ],
      },
    );
  });

  it('has the shape of a UUID version 5 of variant 1', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 5 }), { maxLength: 5 }), (parts) => {
        expect(deterministicId(...parts)).toMatch(
          /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        );
      }),
    );
  });
});

it('a job id differs by app, job type, source and event id', () => {
  const ids = [
    jobIdOf('app', 'job', 'source', 'id'),
    jobIdOf('app-2', 'job', 'source', 'id'),
    jobIdOf('app', 'job-2', 'source', 'id'),
    jobIdOf('app', 'job', 'source-2', 'id'),
    jobIdOf('app', 'job', 'source', 'id-2'),
  ];
  expect(new Set(ids).size).toBe(ids.length);
});

it('a random id is a UUID version 4 and never the same twice', () => {
  expect(randomId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(randomId()).not.toBe(randomId());
});

// What names of jobs begin with is kept from one to the next.
it('a job id is the same whichever jobs were asked for before it', () => {
  const text = fc.oneof(fc.constantFrom('a', 'ab', ''), fc.string({ unit: 'grapheme', maxLength: 12 }));
  const long = fc.oneof(
    text,
    fc.nat(3_000).map((length) => 'ç'.repeat(length)),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text, long, long), { maxLength: 12 }), (asked) => {
      for (const [ns, jobType, source, eventId] of [...asked, ...asked]) {
        expect(jobIdOf(ns, jobType, source, eventId)).toBe(
          deterministicId('job', ns, jobType, source, eventId),
        );
      }
    }),
  );
});

it('random ids are not repeated when their randomness is renewed', () => {
  const ids = Array.from({ length: 3_000 }, randomId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(
    ids.filter((id) => !/^[0-9a-f]{8}(-[0-9a-f]{4}){2}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)),
  ).toEqual([]);
});

describe('the id of an event', () => {
  // All ids were made in one buffer, and kept the dashes that stood in it.
  it('leaves later ids as they are, whatever step it was made of', () => {
    eventIdOf('x'.repeat(36), 3);
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    expect(randomId()).toMatch(uuid);
    expect(deterministicId('a')).toMatch(uuid);
  });
});
