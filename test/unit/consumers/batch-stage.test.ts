import { describe, expect, test } from 'vitest';
import { BatchStage } from '../../../src/consumers/batch-stage.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A stage whose calls are answered by hand. */
const open = (overlaps: boolean) => {
  const batches: (readonly number[])[] = [];
  const answers: { resolve(): void; reject(error: Error): void }[] = [];
  const errors: unknown[] = [];
  const stage = new BatchStage<number>(
    (batch) => {
      batches.push(batch);
      return new Promise<void>((resolve, reject) => answers.push({ resolve, reject }));
    },
    (error) => errors.push(error),
    overlaps,
  );
  const add = (from: number, count: number): void => {
    for (let item = from; item < from + count; item += 1) stage.add(item);
  };
  const answer = async (call: number): Promise<void> => {
    answers[call]?.resolve();
    await turn();
  };
  return { batches, answers, errors, add, answer, sizes: () => batches.map(({ length }) => length) };
};

describe('a stage of batches', () => {
  test('takes what comes in one turn at once, and what comes during a flight as the next batch', async () => {
    const { add, answer, batches } = open(false);
    add(0, 3);
    await turn();
    add(3, 2);
    await turn();
    expect(batches).toEqual([[0, 1, 2]]);
    await answer(0);
    expect(batches).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
  });

  test('has one call under way, of 192 items at most', async () => {
    const { add, answer, sizes } = open(false);
    add(0, 500);
    await turn();
    expect(sizes()).toEqual([192]);
    await answer(0);
    await answer(1);
    expect(sizes()).toEqual([192, 192, 116]);
  });

  test('goes on after a call that failed', async () => {
    const { add, answers, batches, errors } = open(false);
    add(0, 1);
    await turn();
    add(1, 1);
    answers[0]?.reject(new Error('down'));
    await turn();
    expect(errors).toHaveLength(1);
    expect(batches).toEqual([[0], [1]]);
  });
});

describe('a stage whose calls may overlap', () => {
  test('sends a second call only for a whole batch, and never a third', async () => {
    const { add, sizes } = open(true);
    add(0, 10);
    await turn();
    add(10, 191);
    await turn();
    expect(sizes()).toEqual([10]);
    add(201, 1);
    expect(sizes()).toEqual([10, 192]);
    add(202, 1_000);
    await turn();
    expect(sizes()).toEqual([10, 192]);
  });

  test('handles everything once, whichever call is answered first', async () => {
    const { add, answer, batches, sizes } = open(true);
    add(0, 1_000);
    await turn();
    for (const call of [1, 0, 3, 2, 4, 5]) await answer(call);
    add(1_000, 5);
    await turn();
    await answer(sizes().length - 1);
    expect(batches.flat().toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 1_005 }, (_, item) => item),
    );
  });

  test('leaves what is less than a batch to the first call, also when the second ends after it', async () => {
    const { add, answer, sizes } = open(true);
    add(0, 1);
    await turn();
    add(1, 192);
    await answer(0);
    add(193, 3);
    await turn();
    expect(sizes()).toEqual([1, 192, 3]);
  });
});
