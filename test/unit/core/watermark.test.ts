import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Watermark } from '../../../src/core/watermark.ts';

/** What a watermark is, said the long way: the lowest offset taken in and not settled, else the next to come. */
class NaiveWatermark {
  #next: number;
  readonly #open = new Set<number>();
  #tracked: number[] = [];

  constructor(start: number) {
    this.#next = start;
  }

  track(offset: number): boolean {
    if (offset < this.#next) return false;
    this.#open.add(offset);
    this.#tracked.push(offset);
    this.#next = offset + 1;
    return true;
  }

  settle(offset: number): void {
    this.#open.delete(offset);
  }

  get value(): number {
    return this.#open.size === 0 ? this.#next : Math.min(...this.#open);
  }

  get size(): number {
    return this.#tracked.filter((offset) => offset >= this.value).length;
  }
}

type Step = { readonly do: 'track' | 'settle'; readonly offset: number };

const offsets = fc.integer({ min: 0, max: 80 });
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({ do: fc.constantFrom('track', 'settle'), offset: offsets }),
  { maxLength: 200 },
);

describe('the watermark', () => {
  it('knows the time of the first record that is not settled, over gaps and thousands of others', () => {
    const watermark = new Watermark(0n);
    expect(watermark.oldestMs).toBeUndefined();
    for (let offset = 0n; offset < 3_000n; offset += 2n) watermark.track(offset, 10, 5_000 + Number(offset));
    watermark.settle(4n);
    expect(watermark.oldestMs).toBe(5_000);
    for (let offset = 0n; offset < 2_500n; offset += 2n) watermark.settle(offset);
    expect(watermark.oldestMs).toBe(7_500);
    for (let offset = 2_500n; offset < 3_000n; offset += 2n) watermark.settle(offset);
    expect(watermark.oldestMs).toBeUndefined();
  });

  // An offset settled before it was taken in counted as settled once it came: the record would have been skipped.
  it('is what a naive count says after any tracks and settlements, with gaps, repeats and strangers', () => {
    const stranger: readonly Step[] = [
      { do: 'track', offset: 1 },
      { do: 'settle', offset: 5 },
      { do: 'track', offset: 5 },
      { do: 'settle', offset: 1 },
    ];
    fc.assert(
      fc.property(offsets, steps, (start, given) => {
        const watermark = new Watermark(BigInt(start));
        const naive = new NaiveWatermark(start);
        for (const step of given) {
          const answer = watermark[step.do](BigInt(step.offset));
          expect(answer).toBe(naive[step.do](step.offset));
          expect([watermark.value, watermark.size]).toEqual([BigInt(naive.value), naive.size]);
        }
      }),
      { numRuns: 300, examples: [[0, stranger]] },
    );
  });

  it('never goes back', () => {
    fc.assert(
      fc.property(offsets, steps, (start, given) => {
        const watermark = new Watermark(BigInt(start));
        let highest = watermark.value;
        for (const step of given) {
          watermark[step.do](BigInt(step.offset));
          expect(watermark.value >= highest).toBe(true);
          highest = watermark.value;
        }
      }),
    );
  });

  it('passes ten thousand records settled in any order, beyond the safe integers', () => {
    const start = 2n ** 53n + 1n;
    const order = Array.from({ length: 10_000 }, (_, index) => start + BigInt(index));
    const watermark = new Watermark(start);
    for (const offset of order) watermark.track(offset);
    const shuffled = order.toSorted(
      (a, b) => Number((a * 7_919n) % 10_007n) - Number((b * 7_919n) % 10_007n),
    );
    for (const offset of shuffled.filter((offset) => offset !== start)) watermark.settle(offset);
    expect(watermark.value).toBe(start);
    watermark.settle(start);
    expect([watermark.value, watermark.size]).toEqual([start + 10_000n, 0]);
  });
});
