import fc from 'fast-check';
import { expect, it } from 'vitest';
import { READ } from '../../../src/core/header-values.ts';
import { NameNumbers } from '../../../src/core/name-numbers.ts';

const numberOf = (names: NameNumbers, name: string): number => {
  const bytes = Buffer.from(`xx${name}y`);
  return names.at(bytes, 2, bytes.length - 1);
};

it('a name has its number in any case, whatever else was asked before it, and other names have none', () => {
  const names = new NameNumbers(READ);
  const known = fc.constantFrom(...Object.keys(READ));
  const name = fc.oneof(
    known,
    known.map((one) => one.toUpperCase()),
    known.map((one) => `${one.slice(0, 1).toUpperCase()}${one.slice(1)}`),
    known.map((one) => `${one}x`),
    fc.constantFrom('', 'K', 'x-trace', 'job-ID', 'ce_tıme', 'n'.repeat(65)),
    fc.string({ unit: 'grapheme' }).map((text) => text.toWellFormed()),
  );
  fc.assert(
    fc.property(fc.array(name, { maxLength: 60 }), (asked) => {
      for (const one of asked) {
        const number: number | undefined = new Map<string, number>(Object.entries(READ)).get(
          one.toLowerCase(),
        );
        expect(numberOf(names, one), one).toBe(number ?? -1);
      }
    }),
  );
});

it('the names of headers that are read are found without being decoded: no two share a place', () => {
  const bytes = Buffer.from(Object.keys(READ).join(''));
  const names = new NameNumbers(READ);
  // Nothing may make a text out of these bytes.
  bytes.toString = () => expect.fail('decoded');
  let at = 0;
  for (const [name, number] of Object.entries(READ)) {
    expect(names.at(bytes, at, at + name.length)).toBe(number);
    at += name.length;
  }
});
