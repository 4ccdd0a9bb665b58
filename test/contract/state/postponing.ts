import { expect, test } from 'vitest';
import type { StateStore } from '../../../src/core/ports/state.ts';
import {
  aJob,
  claim,
  claimRun,
  completeOf,
  decideOf,
  LONG_MS,
  one,
  postponeOf,
  rivalOf,
  SHORT_MS,
  type StateFixture,
} from './fixture.ts';

/** A failed attempt that waits in a worker's memory. */
export const describePostponing = (store: () => StateStore, fixture: StateFixture): void => {
  test('a postponed job waits for everyone until it is due, with its next attempt', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job);
    const request = postponeOf(job, fence, { attempt: 2, delayMs: 60_000 });
    expect(await one(store().postpone([request]))).toBe('postponed');
    const answer = await claim(await fixture.open(), job);
    if (answer.kind !== 'wait') throw new Error(`answered ${answer.kind}`);
    expect(answer.attempt).toBe(2);
    expect(answer.dueMs - answer.nowMs).toBeGreaterThan(30_000);
    expect(answer.dueMs - answer.nowMs).toBeLessThanOrEqual(60_000);
  });

  test('once due it runs as its next attempt, starts counted on, with a higher fence', async () => {
    const job = aJob();
    const first = await claimRun(store(), job, { starts: 1 });
    await store().postpone([postponeOf(job, first.fence, { delayMs: SHORT_MS })]);
    await fixture.advance(SHORT_MS);
    const second = await claimRun(store(), job, { starts: 1 });
    expect(second).toMatchObject({ attempt: 2, starts: 3 });
    expect(second.fence).toBeGreaterThan(first.fence);
  });

  test('attempts used up by postponing end as dead', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job, { maxAttempts: 1 });
    await store().postpone([postponeOf(job, fence, { attempt: 2 })]);
    const answer = await claim(store(), job, { maxAttempts: 1 });
    expect(answer).toMatchObject({ kind: 'dead', reason: 'attempts_exhausted', attempt: 2, starts: 1 });
  });

  test('postponing gives the key back and is answered the same when asked again', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job);
    expect(await one(store().postpone([postponeOf(job, fence)]))).toBe('postponed');
    expect(await one(store().postpone([postponeOf(job, fence)]))).toBe('postponed');
    expect(await one(store().renew([{ ...job, fence, leaseMs: LONG_MS }]))).toBe('gone');
    const rival = await claimRun(store(), rivalOf(job));
    expect(await one(store().postpone([postponeOf(job, fence)]))).toBe('postponed');
    const held = await one(store().renew([{ ...job, fence: rival.fence, leaseMs: LONG_MS }]));
    expect(held).toBe('renewed');
  });

  test('a claim that is not ours any more is lost and changes nothing', async () => {
    const job = aJob();
    const { fence: old } = await claimRun(store(), job, { leaseMs: 0 });
    const { fence } = await claimRun(store(), job);
    expect(await one(store().postpone([postponeOf(job, old, { attempt: 9 })]))).toBe('lost');
    expect(await one(store().postpone([postponeOf(aJob(), old)]))).toBe('lost');
    expect(await one(store().complete([completeOf(job, fence)]))).toBe('completed');
    expect(await one(store().postpone([postponeOf(job, fence)]))).toBe('lost');
  });

  test('a crash after postponing keeps the attempt and counts the start', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job);
    await store().postpone([postponeOf(job, fence)]);
    await claimRun(store(), job, { leaseMs: 0 });
    expect(await claimRun(store(), job)).toMatchObject({ attempt: 2, starts: 3 });
  });

  test('a claim given back after postponing counts no start', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job);
    await store().postpone([postponeOf(job, fence)]);
    const second = await claimRun(store(), job);
    await store().release([{ ...job, fence: second.fence, leaseMs: 0 }]);
    expect(await claimRun(store(), job)).toMatchObject({ attempt: 2, starts: 2 });
  });

  test('it keeps its hop: lower copies are superseded, higher ones are adopted', async () => {
    const job = aJob();
    const over = { hop: 1, origin: 'billing.events/3/1' };
    const { fence } = await claimRun(store(), job, over);
    await store().postpone([postponeOf(job, fence, { delayMs: LONG_MS })]);
    expect(await claim(store(), job, { hop: 0 })).toEqual({ kind: 'superseded', origin: over.origin });
    expect(await claim(store(), job, { hop: 1 })).toMatchObject({ kind: 'wait' });
    expect(await claim(store(), job, { hop: 2, attempt: 1 })).toMatchObject({ kind: 'run', attempt: 1 });
  });

  test('a hop that was decided meanwhile is not postponed', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job);
    await store().decide([decideOf(job, undefined, { position: 'billing.events/3/99' })]);
    expect(await one(store().postpone([postponeOf(job, fence)]))).toBe('lost');
    expect(await claim(store(), job)).toMatchObject({ kind: 'superseded' });
  });

  test('what was postponed is forgotten with its lifetime', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job);
    await store().postpone([postponeOf(job, fence, { delayMs: LONG_MS, ttlMs: SHORT_MS })]);
    await fixture.advance(SHORT_MS + 5);
    expect(await claimRun(store(), job)).toMatchObject({ attempt: 1, starts: 1 });
  });
};
