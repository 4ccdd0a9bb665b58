import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { LimitStore, LockAnswer, LockRequest } from '../../../src/core/ports/limits.ts';
import type { LimitFixture } from './fixture.ts';

const LONG_MS = 3_600_000;
const SHORT_MS = 60;

/** Locks over all processes and job types. */
export const describeLocks = (limits: () => LimitStore, fixture: LimitFixture): void => {
  const aLock = (over: Partial<LockRequest> = {}): LockRequest => ({
    ...{ tenant: 'acme', key: `sync-${randomUUID()}`, owner: 'run-1', ttlMs: LONG_MS },
    ...over,
  });
  const lock = async (request: LockRequest): Promise<LockAnswer['kind']> =>
    (await limits().lock([request]))[0]?.kind ?? 'held';

  test('are held by one, who may ask for them again', async () => {
    const mine = aLock();
    expect(await lock(mine)).toBe('locked');
    expect(await lock(mine)).toBe('locked');
    const [answer] = await limits().lock([{ ...mine, owner: 'run-2' }]);
    if (answer?.kind !== 'held') throw new Error('locked twice');
    expect(answer.untilMs - answer.nowMs).toBeGreaterThan(LONG_MS / 2);
    expect(answer.untilMs - answer.nowMs).toBeLessThanOrEqual(LONG_MS);
  });

  test('given back are free, and nobody gives back those of others', async () => {
    const mine = aLock();
    const theirs = { ...mine, owner: 'run-2' };
    await lock(mine);
    await limits().unlock([theirs]);
    expect(await lock(theirs)).toBe('held');
    await limits().unlock([mine]);
    await limits().unlock([mine]);
    expect(await lock(theirs)).toBe('locked');
  });

  test('end with their time when their owner died, and go on while it renews them', async () => {
    const dead = aLock({ ttlMs: SHORT_MS });
    const alive = aLock({ ttlMs: SHORT_MS });
    await limits().lock([dead, alive]);
    expect(await limits().renewLocks([{ ...alive, ttlMs: LONG_MS }])).toEqual(['renewed']);
    expect(await limits().renewLocks([{ ...alive, ttlMs: 1 }])).toEqual(['renewed']);
    await fixture.advance(SHORT_MS + 1);
    expect(await lock({ ...dead, owner: 'run-2' })).toBe('locked');
    expect(await lock({ ...alive, owner: 'run-2' })).toBe('held');
  });

  test('that ended are taken again by a renewal, unless another has them', async () => {
    const free = aLock({ ttlMs: 1 });
    const taken = aLock({ ttlMs: 1 });
    await limits().lock([free, taken]);
    await fixture.advance(2);
    await lock({ ...taken, owner: 'run-2', ttlMs: LONG_MS });
    const renewals = [free, taken].map((one) => ({ ...one, ttlMs: LONG_MS }));
    expect(await limits().renewLocks(renewals)).toEqual(['renewed', 'gone']);
    expect(await lock({ ...free, owner: 'run-3' })).toBe('held');
  });

  test('of one name under two tenants are two', async () => {
    const mine = aLock();
    expect(await lock(mine)).toBe('locked');
    expect(await lock({ ...mine, tenant: 'beta', owner: 'run-2' })).toBe('locked');
    expect(await lock({ ...mine, tenant: 'acme:x', owner: 'run-2' })).toBe('locked');
  });

  test('are given to one of many that race', async () => {
    const mine = aLock();
    const other = await fixture.open();
    const races = Array.from({ length: 40 }, (_, n) =>
      (n % 2 === 0 ? limits() : other.limits).lock([{ ...mine, owner: `run-${n}` }]),
    );
    const answers = (await Promise.all(races)).flat();
    await other.close();
    expect(answers.filter(({ kind }) => kind === 'locked')).toHaveLength(1);
  });
};
