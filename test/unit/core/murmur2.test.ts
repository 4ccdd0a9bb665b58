import { describe, expect, it } from 'vitest';
import { murmur2, partitionForKey } from '../../../src/core/murmur2.ts';

/** The test vectors of Apache Kafka's Java client. */
const VECTORS: readonly (readonly [text: string, hash: number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
];

describe('murmur2', () => {
  it.each(VECTORS)('hashes %s as the Java client does', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash);
  });

  it('reads bytes above 127 as unsigned', () => {
    expect(murmur2(Buffer.from([0xff, 0xfe, 0xfd, 0xfc, 0xfb]))).toBe(524068735);
    expect(murmur2(Buffer.from('conceição-ñ-日本'))).toBe(647684714);
  });

  it('masks the sign, instead of taking the absolute value, before it divides', () => {
    expect(partitionForKey(Buffer.from('21'), 12)).toBe((-973932308 & 0x7fffffff) % 12);
    expect(partitionForKey(Buffer.from('abc'), 6)).toBe(479470107 % 6);
  });

  it.each(['', 'a', 'ab', 'abc', 'abcd', 'Ünïcödé', 'x'.repeat(1_000)])(
    'gives the key %j one of the partitions',
    (text) => {
      expect([0, 1, 2, 3, 4, 5, 6]).toContain(partitionForKey(Buffer.from(text), 7));
    },
  );
});
