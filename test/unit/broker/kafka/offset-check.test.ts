import { describe, expect, it } from 'vitest';
import { checkOffsets, problemOf } from '../../../../src/broker/kafka/offset-check.ts';

const range = { topic: 't', partition: 0, low: 10n, high: 20n };

describe('where a group stands in a partition', () => {
  it('is in order from the first offset of the log to its end, both included', () => {
    for (const offset of [10n, 15n, 20n]) expect(problemOf(range, offset)).toBeUndefined();
  });

  it('is a problem outside of it, or when nothing was ever committed', () => {
    expect(problemOf(range, 9n)).toEqual({ ...range, committed: 9n, problem: 'out-of-range' });
    expect(problemOf(range, 21n)).toEqual({ ...range, committed: 21n, problem: 'out-of-range' });
    expect(problemOf(range, undefined)).toEqual({ ...range, problem: 'missing' });
  });

  it('is told as committed, also when reading has gone on from there', () => {
    expect(problemOf(range, 12n, 9n)).toEqual({ ...range, committed: 12n, problem: 'out-of-range' });
    expect(problemOf(range, 4n, 15n)).toBeUndefined();
  });

  it('is not asked for when nothing is assigned', async () => {
    const never = () => Promise.reject(new Error('asked'));
    const found = await checkOffsets({ committedAt: never, rangesOf: never }, 'g', []);
    expect(found).toEqual({ committed: [], problems: [] });
  });
});
