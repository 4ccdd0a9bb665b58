import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import type { AvroContract, Json } from '../../../src/core/contract.ts';
import type { Decoded } from '../../../src/core/ports/serde.ts';
import { createSerde, type SchemaSource } from '../../../src/serde/index.ts';
import { contractOf, framed, long } from './contracts.ts';

const LINE = {
  type: 'record',
  name: 'Line',
  fields: [
    { name: 'text', type: 'string' },
    { name: 'tags', type: { type: 'array', items: 'string' } },
  ],
};

/** What bombs are aimed at. */
const aimed: Json = { name: 'target', type: { type: 'array', items: 'int' } };
const after: Json = { name: 'after', type: 'string' };

const withTarget = (type: Json) => [{ name: 'target', type }, after];

/** Decodes with the writer's schema (id 1) as the contract; times the second decoding, when everything is compiled. */
const decodeWith = async (
  contract: AvroContract<unknown>,
  writer: readonly Json[],
  body: readonly number[] | Buffer,
): Promise<{ result: Decoded<unknown>; tookMs: number }> => {
  const schema = { type: 'record', name: 'R', namespace: 'a', fields: writer };
  const source: SchemaSource = { schemaById: async () => schema, idOf: async () => undefined };
  const serde = createSerde({ source });
  await serde.decode(contract, framed(1, body));
  const bytes = framed(1, body);
  const started = performance.now();
  const result = serde.decode(contract, bytes);
  return { result: await result, tookMs: performance.now() - started };
};

/** The ways a body is read: as its own schema, through a resolver, and by skipping what the reader dropped. */
const ways = (type: Json): [string, AvroContract<unknown>][] => [
  ['read', contractOf('a.R', withTarget(type))],
  ['resolved', contractOf('a.R', [...withTarget(type), { name: 'new', type: 'int', default: 0 }])],
  ['skipped', contractOf('a.R', [after])],
];

const ARRAY_OF_INT = { type: 'array', items: 'int' };
const ARRAY_OF_RECORDS = { type: 'array', items: LINE };
const ARRAY_OF_WIDE = {
  type: 'array',
  items: {
    type: 'record',
    name: 'Wide',
    fields: Array.from({ length: 200 }, (_, index) => ({ name: `f${index}`, type: 'int' })),
  },
};
const ARRAY_OF_ARRAYS = { type: 'array', items: { type: 'array', items: 'string' } };
const MAP_OF_INT = { type: 'map', values: 'int' };
const ARRAY_OF_NULL = { type: 'array', items: 'null' };

const SIXTY_MILLION = long(60_000_000);
const MIN_LONG = long(-(2n ** 63n));

const bombs: [string, Json, readonly number[]][] = [
  ['an array of 60 million ints in four bytes', ARRAY_OF_INT, SIXTY_MILLION],
  ['an array of 60 million records', ARRAY_OF_RECORDS, SIXTY_MILLION],
  ['an array of 60 million arrays', ARRAY_OF_ARRAYS, SIXTY_MILLION],
  ['a map of 60 million entries', MAP_OF_INT, SIXTY_MILLION],
  ['60 million nulls, which take no bytes', ARRAY_OF_NULL, SIXTY_MILLION],
  ['an array inside an array', ARRAY_OF_ARRAYS, [2, ...SIXTY_MILLION, 0, 0]],
  ['an array of more than 2^32', ARRAY_OF_INT, long(2n ** 40n)],
  ['an array of 2^62', ARRAY_OF_INT, long(2n ** 62n)],
  ['a negative count of 60 million', ARRAY_OF_INT, [...long(-60_000_000), 0]],
  ['the smallest long as a count', ARRAY_OF_INT, [...MIN_LONG, 0]],
  ['a map with a negative count', MAP_OF_INT, [...long(-60_000_000), 2]],
  ['a block that says it has 60 million bytes', ARRAY_OF_INT, [...long(-1), ...SIXTY_MILLION]],
  ['a block of negative size (avsc skipped backwards for ever)', ARRAY_OF_INT, [...long(-1), ...long(-2)]],
  ['a map block of negative size', MAP_OF_INT, [...long(-1), ...long(-2)]],
  ['a block that jumps back one byte', ARRAY_OF_INT, [2, 2, ...long(-1), ...long(-3), 0]],
  ['a string of 60 million bytes', 'string', SIXTY_MILLION],
  ['a string of negative length', 'string', long(-5)],
  ['bytes of 60 million', 'bytes', SIXTY_MILLION],
  ['a map key of 60 million bytes', MAP_OF_INT, [2, ...SIXTY_MILLION]],
  ['a map key of negative length', MAP_OF_INT, [2, ...long(-3)]],
  ['a second block of 60 million', ARRAY_OF_INT, [2, 2, ...SIXTY_MILLION]],
];

describe('a length that the bytes do not hold', () => {
  for (const [name, type, body] of bombs) {
    for (const [way, contract] of ways(type)) {
      it(`is refused within a millisecond: ${name}, ${way}`, async () => {
        const tries = [];
        for (let attempt = 0; attempt < 5; attempt += 1) {
          const { result, tookMs } = await decodeWith(contract, withTarget(type), body);
          expect(result).toMatchObject({ ok: false, code: 'BODY_MALFORMED' });
          tries.push(tookMs);
        }
        // The best of five: another process may take the core away, a bomb takes seconds every time.
        expect(Math.min(...tries)).toBeLessThan(1);
      });
    }
  }

  it.each(ways(ARRAY_OF_WIDE))(
    'costs what the bytes there are cost when only part of it is true: %s',
    async (_, contract) => {
      const honest = Buffer.concat([Buffer.from(long(1_000)), Buffer.alloc(200_000 + 2)]);
      const bomb = Buffer.concat([Buffer.from(long(150_000)), Buffer.alloc(200_000 + 2)]);
      const costs: number[] = [];
      for (const body of [honest, bomb, honest, bomb, honest, bomb]) {
        const { result, tookMs } = await decodeWith(contract, withTarget(ARRAY_OF_WIDE), body);
        expect(result.ok).toBe(body === honest);
        costs.push(tookMs);
      }
      const best = (of: number) => Math.min(...costs.filter((_cost, index) => index % 2 === of));
      // Believing the count for as long as it lasts costs 150 times the honest one.
      expect(best(1)).toBeLessThan(20 * best(0) + 1);
    },
  );

  it.each(ways(ARRAY_OF_INT))(
    'is refused though a number goes on for a megabyte: %s',
    async (_, contract) => {
      const { result, tookMs } = await decodeWith(contract, [aimed, after], Buffer.alloc(1_000_000, 0xff));
      expect(result).toMatchObject({ ok: false, code: 'BODY_MALFORMED' });
      expect(tookMs).toBeLessThan(20);
    },
  );
});

describe('what is no bomb', () => {
  it.each(ways(ARRAY_OF_INT))(
    'arrays in blocks, with and without sizes, are read: %s',
    async (way, contract) => {
      const blocks = [4, 2, 4, ...long(-2), ...long(2), 6, 8, 2, 10, 0];
      const { result } = await decodeWith(contract, [aimed, after], [...blocks, 4, 0x68, 0x69]);
      expect(result).toMatchObject({
        ok: true,
        value: { after: 'hi', ...(way === 'skipped' ? {} : { target: [1, 2, 3, 4, 5] }) },
      });
    },
  );

  it.each(ways(MAP_OF_INT))('maps in blocks are read: %s', async (way, contract) => {
    const blocks = [2, 2, 0x61, 2, ...long(-1), ...long(3), 2, 0x62, 4, 0];
    const { result } = await decodeWith(contract, withTarget(MAP_OF_INT), [...blocks, 0]);
    expect(result).toMatchObject({
      ok: true,
      value: { after: '', ...(way === 'skipped' ? {} : { target: { a: 1, b: 2 } }) },
    });
  });

  it('an array that fills the whole body is read', async () => {
    const count = 100_000;
    const body = Buffer.concat([Buffer.from(long(count)), Buffer.alloc(count, 2), Buffer.from([0])]);
    const { result } = await decodeWith(contractOf('a.R', [aimed]), [aimed], body);
    expect(result).toMatchObject({ ok: true });
    if (result.ok) expect(result.value).toEqual({ target: Array(count).fill(1) });
  });
});

describe('other bytes that avsc trusted', () => {
  it('a writer schema that contains itself ends in BODY_MALFORMED, not in a RangeError', async () => {
    const child = { name: 'target', type: ['null', { type: 'array', items: 'Node' }] };
    const node = { type: 'record', name: 'Node', fields: [child] };
    const writer = [{ name: 'target', type: node }, after];
    const deep = Buffer.alloc(2_000_000, 2);
    const { result } = await decodeWith(contractOf('a.R', [after]), writer, deep);
    expect(result).toMatchObject({ ok: false, code: 'BODY_MALFORMED' });
  });

  it('a map key __proto__ is an entry like any other', async () => {
    const key = Buffer.from('__proto__');
    const nested = { type: 'map', values: MAP_OF_INT };
    const inner = [2, 2, 0x61, 2, 0];
    const body = [2, key.length * 2, ...key, ...inner, 0, 0];
    const { result } = await decodeWith(contractOf('a.R', withTarget(nested)), withTarget(nested), body);
    if (!result.ok) throw new Error(result.detail);
    const { target } = result.value as { target: object };
    expect(Object.getPrototypeOf(target)).toBe(Object.prototype);
    expect(Object.entries(target)).toEqual([['__proto__', { a: 1 }]]);
  });

  it('invalid UTF-8 is refused, a true U+FFFD is not', async () => {
    const contract = contractOf('a.R', [after]);
    const cut = await decodeWith(contract, [after], [4, 0xc3, 0x28]);
    expect(cut.result).toMatchObject({ code: 'BODY_MALFORMED', detail: 'a string is not UTF-8 (schema 1)' });
    const real = await decodeWith(contract, [after], [6, 0xef, 0xbf, 0xbd]);
    expect(real.result).toMatchObject({ ok: true, value: { after: '\uFFFD' } });
  });
});
