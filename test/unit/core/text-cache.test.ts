import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TextCache } from '../../../src/core/text-cache.ts';

it('a remembered text is what its bytes say, whatever else was read before it', () => {
  const cache = new TextCache(4, 12);
  const text = fc.oneof(
    fc.constantFrom('', 'acme', 'acne', 'ção', 'a'.repeat(13)),
    fc.string({ unit: 'grapheme' }),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 40 }), (texts) => {
      for (const one of texts) {
        const bytes = Buffer.from(`xx${one.toWellFormed()}y`);
        expect(cache.at(bytes, 2, bytes.length - 1)).toBe(one.toWellFormed());
      }
    }),
  );
});
