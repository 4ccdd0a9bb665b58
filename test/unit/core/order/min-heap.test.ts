import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MinHeap } from '../../../../src/core/order/min-heap.ts';

test('gives items back by their rank, whatever is put in between', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined })), (steps) => {
      const heap = new MinHeap<number>();
      const inside: number[] = [];
      for (const step of steps) {
        if (step === undefined) {
          inside.sort((a, b) => a - b);
          expect(heap.rank).toBe(inside[0]);
          expect(heap.pop()).toBe(inside.shift());
        } else {
          heap.push(step, step);
          inside.push(step);
        }
        expect(heap.size).toBe(inside.length);
      }
    }),
  );
});
