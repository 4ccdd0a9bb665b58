import { describe, expect, it } from 'vitest';
import { murmur2, partitionOfHash } from '../../../../src/broker/kafka/murmur2.ts';

/** Hashes as the Java client gives them. */
const JAVA: readonly (readonly [string, number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
];

describe('the partition of a key', () => {
  it('comes from the hash of the Java client', () => {
    for (const [key, hash] of JAVA) expect(murmur2(Buffer.from(key)), key).toBe(hash);
  });

  it('is within the partitions, also for an empty key', () => {
    for (const key of ['', 'a', 'ab', 'abc', 'abcd', 'Ünïcödé', 'x'.repeat(1_000)])
      expect([0, 1, 2, 3, 4, 5, 6]).toContain(partitionOfHash(murmur2(Buffer.from(key)), 7));
  });
});
