import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { LimitStore, TakeStartsAnswer } from '../../../src/core/ports/limits.ts';
import type { StartRate } from '../../../src/core/start-rate.ts';
import type { LimitFixture } from './fixture.ts';

/** Start rates over all processes. */
export const describeRates = (limits: () => LimitStore, fixture: LimitFixture): void => {
  const take = async (queue: string, rate: StartRate, wanted: number): Promise<TakeStartsAnswer> => {
    const [answer] = await limits().takeStarts([{ queue, rate, wanted }]);
    if (answer === undefined) throw new Error('no answer');
    return answer;
  };

  test('give a burst at once, then say when the next start may be had, and give it then', async () => {
    const queue = randomUUID();
    const rate = { count: 24, perMs: 2_000, burst: 5 };
    const first = await take(queue, rate, 9);
    expect([first.granted, first.nextMs - first.nowMs]).toEqual([5, 100]);
    await fixture.advance(101);
    expect((await take(queue, rate, 1)).granted).toBe(1);
  });

  test('give nothing more in their time to who asks again and again', async () => {
    const queue = randomUUID();
    const rate = { count: 10, perMs: 3_600_000, burst: 4 };
    const answers = await limits().takeStarts(Array.from({ length: 30 }, () => ({ queue, rate, wanted: 1 })));
    expect(answers.map(({ granted }) => granted)).toEqual([
      1,
      1,
      1,
      1,
      ...Array.from({ length: 26 }, () => 0),
    ]);
    expect((answers[29]?.nextMs ?? 0) - (answers[29]?.nowMs ?? 0)).toBeGreaterThan(500_000);
  });

  test('are whole again after their time', async () => {
    const queue = randomUUID();
    const rate = { count: 5, perMs: 100, burst: 5 };
    expect((await take(queue, rate, 5)).granted).toBe(5);
    await fixture.advance(600);
    const again = await take(queue, rate, 5);
    expect([again.granted, again.nextMs]).toEqual([5, again.nowMs]);
  });

  test('are one over all processes', async () => {
    const queue = randomUUID();
    const rate = { count: 100, perMs: 3_600_000, burst: 50 };
    const other = await fixture.open();
    const takes = Array.from({ length: 20 }, (_, n) =>
      (n % 2 === 0 ? limits() : other.limits).takeStarts([{ queue, rate, wanted: 7 }]),
    );
    const answers = (await Promise.all(takes)).flat();
    await other.close();
    expect(answers.reduce((sum, { granted }) => sum + granted, 0)).toBe(50);
  });

  test('of a queue and of each tenant of it are rates of their own', async () => {
    const queue = randomUUID();
    const rate = { count: 1, perMs: 3_600_000, burst: 1 };
    const answers = await limits().takeStarts([
      { queue, rate, wanted: 2 },
      { queue, tenant: 'acme', rate, wanted: 2 },
      { queue, tenant: 'beta', rate, wanted: 2 },
    ]);
    expect(answers.map(({ granted }) => granted)).toEqual([1, 1, 1]);
  });
};
