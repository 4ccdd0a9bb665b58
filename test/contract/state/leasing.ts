import { expect, test } from 'vitest';
import type { StateStore } from '../../../src/core/ports/state.ts';
import {
  aJob,
  claim,
  claimRun,
  completeOf,
  LONG_MS,
  one,
  rivalOf,
  SHORT_MS,
  type StateFixture,
} from './fixture.ts';

/** Keeping a claim and giving it back. */
export const describeLeasing = (store: () => StateStore, fixture: StateFixture): void => {
  test('a renewed lease goes on', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job, { leaseMs: SHORT_MS });
    expect(await one(store().renew([{ ...job, fence, leaseMs: LONG_MS }]))).toBe('renewed');
    await fixture.advance(SHORT_MS);
    expect(await claim(store(), job)).toMatchObject({ kind: 'running' });
  });

  test('a lease that ended may be renewed while nobody took the key', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job, { leaseMs: 0 });
    expect(await one(store().renew([{ ...job, fence, leaseMs: LONG_MS }]))).toBe('renewed');
    expect(await claim(store(), job)).toMatchObject({ kind: 'running' });
  });

  test('a renewal that comes late does not shorten the lease', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job, { leaseMs: LONG_MS });
    expect(await one(store().renew([{ ...job, fence, leaseMs: 0 }]))).toBe('renewed');
    expect(await claim(store(), job)).toMatchObject({ kind: 'running' });
  });

  test('a claim that another took, completed or gave back is gone', async () => {
    const taken = aJob();
    const { fence: old } = await claimRun(store(), taken, { leaseMs: 0 });
    const { fence: current } = await claimRun(store(), taken);
    expect(await one(store().renew([{ ...taken, fence: old, leaseMs: LONG_MS }]))).toBe('gone');
    expect(await one(store().renew([{ ...taken, fence: current, leaseMs: LONG_MS }]))).toBe('renewed');

    const completed = aJob();
    const { fence } = await claimRun(store(), completed);
    await store().complete([completeOf(completed, fence)]);
    expect(await one(store().renew([{ ...completed, fence, leaseMs: LONG_MS }]))).toBe('gone');

    expect(await one(store().renew([{ ...aJob(), fence, leaseMs: LONG_MS }]))).toBe('gone');
  });

  test('a claim given back counts no start and is free at once', async () => {
    const job = aJob();
    const { fence, starts } = await claimRun(store(), job, { starts: 1 });
    await store().release([{ ...job, fence, leaseMs: 0 }]);
    await store().release([{ ...job, fence, leaseMs: 0 }]);
    expect(await one(store().renew([{ ...job, fence, leaseMs: LONG_MS }]))).toBe('gone');
    const again = await claimRun(store(), job, { starts: 1 });
    expect(again.starts).toBe(starts);
    expect(again.fence).toBeGreaterThan(fence);
  });

  test('starts of runs that crashed stay counted when a later run is given back', async () => {
    const job = aJob();
    await claimRun(store(), job, { leaseMs: 0 });
    const { fence, starts } = await claimRun(store(), job);
    expect(starts).toBe(2);
    await store().release([{ ...job, fence, leaseMs: 0 }]);
    expect(await claimRun(store(), job)).toMatchObject({ starts: 2 });
  });

  test('giving back a claim that another holds by now does nothing', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job, { leaseMs: 0 });
    await claimRun(store(), rivalOf(job));
    await store().release([{ ...job, fence, leaseMs: 0 }]);
    expect(await claim(store(), job)).toMatchObject({ kind: 'running' });
  });

  test('a claim given back for a dead letter is asked as dead again', async () => {
    const job = aJob();
    const over = { maxStarts: 2 };
    for (let start = 0; start < 2; start += 1) await claimRun(store(), job, { ...over, leaseMs: 0 });
    const dead = await claim(store(), job, over);
    if (dead.kind !== 'dead') throw new Error(`answered ${dead.kind}`);
    await store().release([{ ...job, fence: dead.fence, leaseMs: 0 }]);
    expect(await claim(store(), job, over)).toMatchObject({ kind: 'dead', starts: 2 });
  });
};
