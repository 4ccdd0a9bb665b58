import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { AcquireAnswer, AcquireRequest, LimitStore } from '../../../src/core/ports/limits.ts';
import { WAITING_MS } from '../../../src/core/ports/limits.ts';
import type { LimitFixture } from './fixture.ts';

const LONG_MS = 3_600_000;
const SHORT_MS = 60;

type Limit = Pick<AcquireRequest, 'queue' | 'most'>;
const aLimit = (most: number): Limit => ({ queue: `mails-${randomUUID()}`, most });

const one = async <T>(call: Promise<readonly T[]>): Promise<T> => {
  const [answer, ...rest] = await call;
  if (answer === undefined || rest.length > 0) throw new Error('not one answer to one request');
  return answer;
};

/** Slots over all processes. */
export const describeSlots = (limits: () => LimitStore, fixture: LimitFixture): void => {
  const acquire = (
    limit: Limit,
    holders: readonly string[],
    over: Partial<AcquireRequest> = {},
  ): Promise<AcquireAnswer> =>
    one(limits().acquire([{ ...limit, holders, asker: 'a', leaseMs: LONG_MS, ...over }]));

  test('are given up to the limit, and no further', async () => {
    const limit = aLimit(3);
    const answer = await acquire(limit, ['h1', 'h2', 'h3', 'h4', 'h5']);
    expect(answer).toMatchObject({ granted: ['h1', 'h2', 'h3'], used: 3, freed: 0 });
    expect(answer.retryAtMs).toBeGreaterThan(answer.nowMs);
    expect(answer.retryAtMs).toBeLessThan(answer.nowMs + WAITING_MS);
    expect(await acquire(limit, ['h6'], { asker: 'b' })).toMatchObject({ granted: [], used: 3 });
  });

  test('are answered with no time to wait when all were given', async () => {
    const answer = await acquire(aLimit(3), ['h1', 'h2', 'h3']);
    expect(answer.retryAtMs).toBe(answer.nowMs);
  });

  test('that one has are given again, and count once: an answer that was lost can be asked for', async () => {
    const limit = aLimit(2);
    await acquire(limit, ['h1', 'h2']);
    expect(await acquire(limit, ['h2', 'h1'])).toMatchObject({ granted: ['h2', 'h1'], used: 2 });
  });

  test('given back are there for others', async () => {
    const limit = aLimit(2);
    await acquire(limit, ['h1', 'h2']);
    await limits().releaseSlots([{ ...limit, holders: ['h1', 'unknown'] }]);
    await limits().releaseSlots([{ ...limit, holders: ['h1'] }]);
    expect(await acquire(limit, ['h3', 'h4'])).toMatchObject({ granted: ['h3'], used: 2 });
  });

  test('of holders that died are found after their lease, freed and counted', async () => {
    const limit = aLimit(3);
    await acquire(limit, ['dead-1', 'dead-2'], { leaseMs: SHORT_MS });
    await acquire(limit, ['alive']);
    const full = await acquire(limit, ['h1'], { asker: 'b' });
    expect(full.granted).toEqual([]);
    await fixture.advance(SHORT_MS + 1);
    expect(await acquire(limit, ['h1'], { asker: 'b' })).toMatchObject({
      granted: ['h1'],
      freed: 2,
      used: 2,
    });
    expect(await acquire(limit, ['h2'], { asker: 'b' })).toMatchObject({
      granted: ['h2'],
      freed: 0,
      used: 3,
    });
  });

  test('that are renewed outlive their first lease, and a late renewal does not shorten it', async () => {
    const limit = aLimit(1);
    await acquire(limit, ['h1'], { leaseMs: SHORT_MS });
    expect(await limits().renewSlots([{ ...limit, holders: ['h1'], leaseMs: LONG_MS }])).toEqual([
      { lost: [], waiting: 0 },
    ]);
    await limits().renewSlots([{ ...limit, holders: ['h1'], leaseMs: 0 }]);
    await fixture.advance(SHORT_MS + 1);
    expect(await acquire(limit, ['h2'])).toMatchObject({ granted: [], used: 1, freed: 0 });
  });

  // A store that lost its data would let twice the limit run for as long as the jobs do, not only until they renew.
  test('that were freed are held again by who renews them, so that the count is true again', async () => {
    const limit = aLimit(1);
    await acquire(limit, ['frozen'], { leaseMs: 0 });
    await acquire(limit, ['next']);
    expect(await limits().renewSlots([{ ...limit, holders: ['frozen', 'next'], leaseMs: LONG_MS }])).toEqual([
      { lost: ['frozen'], waiting: 0 },
    ]);
    expect(await acquire(limit, ['h3'])).toMatchObject({ granted: [], used: 2 });
  });

  // Whoever gives a slot back and asks again at once would always win against those who ask now and then.
  test('come to processes in turn: who was refused comes before who gives back and asks again', async () => {
    const limit = aLimit(1);
    await acquire(limit, ['a1'], { asker: 'a' });
    expect((await acquire(limit, ['b1'], { asker: 'b' })).granted).toEqual([]);
    expect((await acquire(limit, ['c1'], { asker: 'c' })).granted).toEqual([]);
    expect(await limits().renewSlots([{ ...limit, holders: ['a1'], leaseMs: LONG_MS }])).toEqual([
      { lost: [], waiting: 2 },
    ]);
    await limits().releaseSlots([{ ...limit, holders: ['a1'] }]);
    expect((await acquire(limit, ['a2'], { asker: 'a' })).granted).toEqual([]);
    expect((await acquire(limit, ['c1'], { asker: 'c' })).granted).toEqual([]);
    expect((await acquire(limit, ['b1', 'b2'], { asker: 'b' })).granted).toEqual(['b1']);
    await limits().releaseSlots([{ ...limit, holders: ['b1'] }]);
    expect((await acquire(limit, ['b2'], { asker: 'b' })).granted).toEqual([]);
    expect((await acquire(limit, ['c1'], { asker: 'c' })).granted).toEqual(['c1']);
  });

  test('are not kept for a process that asks no more, or says that it wants none', async () => {
    const limit = aLimit(1);
    await acquire(limit, ['a1'], { asker: 'a' });
    await acquire(limit, ['b1'], { asker: 'b' });
    await acquire(limit, ['c1'], { asker: 'c' });
    await acquire(limit, [], { asker: 'c' });
    await limits().releaseSlots([{ ...limit, holders: ['a1'] }]);
    expect((await acquire(limit, ['a2'], { asker: 'a' })).granted).toEqual([]);
    await fixture.advance(WAITING_MS + 1);
    expect((await acquire(limit, ['a2'], { asker: 'a' })).granted).toEqual(['a2']);
  });

  test('of a queue and of each tenant of it are limits of their own', async () => {
    const limit = aLimit(1);
    const answers = await limits().acquire(
      [undefined, 'acme', 'beta', 'a:c{m}e'].flatMap((tenant) =>
        ['h1', 'h2'].map((holder) => ({
          ...{ ...limit, holders: [holder], asker: 'a', leaseMs: LONG_MS },
          ...(tenant === undefined ? {} : { tenant }),
        })),
      ),
    );
    expect(answers.map(({ granted }) => granted.length)).toEqual([1, 0, 1, 0, 1, 0, 1, 0]);
  });

  test('are never given beyond the limit to processes that race for them, and all of them are given', async () => {
    const limit = aLimit(25);
    const other = await fixture.open();
    const races = Array.from({ length: 20 }, (_, n) =>
      (n % 2 === 0 ? limits() : other.limits).acquire([
        {
          ...{ ...limit, asker: `p${n}`, leaseMs: LONG_MS },
          holders: Array.from({ length: 5 }, (_slot, h) => `p${n}-${h}`),
        },
      ]),
    );
    const granted = (await Promise.all(races)).flat().flatMap((answer) => answer.granted);
    await other.close();
    expect(new Set(granted).size).toBe(25);
  });

  test('of ten thousand holders at once are answered in their order', async () => {
    const limit = aLimit(9_000);
    const holders = Array.from({ length: 10_000 }, (_, n) => `h${n}`);
    expect((await acquire(limit, holders)).granted).toEqual(holders.slice(0, 9_000));
  });

  test('that nobody asks for are answered with nothing', async () => {
    expect(await limits().acquire([])).toEqual([]);
    expect(await limits().releaseSlots([])).toBeUndefined();
  });
};
