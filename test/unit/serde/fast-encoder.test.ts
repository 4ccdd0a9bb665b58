import { readdirSync, readFileSync } from 'node:fs';
import type avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AvroContract } from '../../../src/core/contract.ts';
import { contractType } from '../../../src/serde/avro-type.ts';
import { type FastEncoder, fastEncoder } from '../../../src/serde/fast-encoder.ts';
import { arbitraryFor, EVERYTHING } from './arbitraries.ts';
import { contractOf } from './contracts.ts';

const SIZE = 64 * 1024;

const files = readdirSync('schemas', { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.avsc'),
);

const schemas: readonly AvroContract<unknown>[] = [
  ...files.map((file): AvroContract<unknown> => {
    const schema = JSON.parse(readFileSync(`schemas/${file}`, 'utf8'));
    return { name: `${schema.namespace}.${schema.name}`, schema };
  }),
  EVERYTHING,
];

const compiled = (contract: AvroContract<unknown>): { type: avsc.Type; fast: FastEncoder } => {
  const type = contractType(contract);
  const fast = fastEncoder(type);
  if (fast === undefined) throw new Error(`${contract.name} is not compiled`);
  return { type, fast };
};

/** What it wrote; undefined when it left the value to avsc. */
const written = (fast: FastEncoder, value: unknown): Buffer | undefined => {
  const target = Buffer.alloc(SIZE, 0xee);
  try {
    const end = fast(target, 0, value);
    return end < 0 || end > SIZE ? undefined : target.subarray(0, end);
  } catch {
    return undefined;
  }
};

/** What avsc writes; undefined when it refuses. */
const byAvsc = (type: avsc.Type, value: unknown): Buffer | undefined => {
  const target = Buffer.alloc(SIZE);
  try {
    const end = type.encode(value, target, 0);
    return end < 0 ? undefined : target.subarray(0, end);
  } catch {
    return undefined;
  }
};

const odd = fc.oneof(
  fc.anything({ withDate: true, withTypedArray: true, withBoxedValues: true, withBigInt: true }),
  fc.constantFrom<unknown>(
    undefined,
    null,
    Number.NaN,
    -0,
    1.5,
    2 ** 27,
    -(2 ** 27),
    -(2 ** 27) - 1,
    2 ** 28,
  ),
  fc.constantFrom<unknown>(2 ** 31, 2 ** 52, 2 ** 53, -(2 ** 52), -(2 ** 53) + 1, Number.POSITIVE_INFINITY),
  fc.constantFrom<unknown>(
    '',
    'constructor',
    '\ud800',
    'é',
    'x'.repeat(63),
    'x'.repeat(64),
    Buffer.from('b'),
  ),
  fc.constantFrom<unknown>([], {}, [undefined], new Map(), Object.create({ inherited: 1 })),
);

/** Puts something odd somewhere into a value, or takes something away. */
const spoil = (value: unknown, path: readonly number[], put: unknown): unknown => {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return put;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
  const keys = Object.keys(copy);
  const key = keys[step % Math.max(1, keys.length)];
  if (key === undefined) return put;
  if (rest.length === 0 && put === undefined && !Array.isArray(copy)) delete copy[key];
  else Reflect.set(copy, key, spoil(Reflect.get(copy, key), rest, put));
  return copy;
};

describe.each(schemas.map((contract) => [contract.name, contract] as const))('%s', (_, contract) => {
  const { type, fast } = compiled(contract);

  it('is written by its own encoder byte for byte as avsc writes it', () => {
    fc.assert(
      fc.property(arbitraryFor(contract), (value) => {
        expect(written(fast, value)?.toString('hex')).toBe(byAvsc(type, value)?.toString('hex'));
      }),
      { numRuns: 300 },
    );
  });

  it('is never written otherwise, whatever the value is, and not at all where avsc refuses', () => {
    const path = fc.array(fc.nat(60), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(arbitraryFor(contract), path, odd, (value, at, put) => {
        const spoiled = spoil(value, at, put);
        const own = written(fast, spoiled);
        if (own !== undefined) expect(own.toString('hex')).toBe(byAvsc(type, spoiled)?.toString('hex'));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('an own encoder', () => {
  it('writes records that hold themselves', () => {
    const tree = contractOf('a.Tree', [
      { name: 'name', type: 'string' },
      { name: 'parent', type: ['null', 'Tree'], default: null },
      { name: 'children', type: { type: 'array', items: 'Tree' }, default: [] },
    ]);
    const { type, fast } = compiled(tree);
    const leaf = { name: 'leaf', parent: null, children: [] };
    const value = { name: 'root', parent: leaf, children: [leaf, { name: 'bare' }] };
    expect(written(fast, value)?.toString('hex')).toBe(byAvsc(type, value)?.toString('hex'));
  });

  it('says that it is out of room by the position it ends at, or leaves the value to avsc', () => {
    const { fast } = compiled(EVERYTHING);
    const [value] = fc.sample(arbitraryFor(EVERYTHING), { numRuns: 1, seed: 7 });
    const size = written(fast, value)?.length ?? 0;
    for (let room = 0; room < size; room++) {
      const target = Buffer.alloc(room);
      const fits = (): boolean => {
        try {
          const end = fast(target, 0, value);
          return end >= 0 && end <= room;
        } catch {
          return false;
        }
      };
      expect(fits(), `${room} of ${size} bytes`).toBe(false);
    }
  });

  it('is not made for what is outside of the subset', () => {
    const wide = contractOf('a.Wide', [{ name: 'either', type: ['string', 'long'] }]);
    const fixed = contractOf('a.Fixed', [{ name: 'hash', type: { type: 'fixed', name: 'Hash', size: 4 } }]);
    expect([fastEncoder(contractType(wide)), fastEncoder(contractType(fixed))]).toEqual([
      undefined,
      undefined,
    ]);
  });
});
