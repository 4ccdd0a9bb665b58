import { expect, test } from 'vitest';
import type { StateStore } from '../../../src/core/ports/state.ts';
import {
  aJob,
  claim,
  claimRun,
  completeOf,
  decideOf,
  rivalOf,
  SHORT_MS,
  type StateFixture,
} from './fixture.ts';

/** Who may run, and with which numbers. */
export const describeClaiming = (store: () => StateStore, fixture: StateFixture): void => {
  test('an unknown key may run, as its first start', async () => {
    const answer = await claim(store(), aJob());
    expect(answer).toEqual({ kind: 'run', fence: expect.any(Number), attempt: 1, starts: 1 });
  });

  test("attempt and starts go on from the record's headers", async () => {
    expect(await claimRun(store(), aJob(), { attempt: 2, starts: 3 })).toMatchObject({
      attempt: 2,
      starts: 4,
    });
  });

  test('a live lease answers running to everyone, its own process included', async () => {
    const job = aJob();
    await claimRun(store(), job, { leaseMs: 60_000 });
    for (const asker of [store(), await fixture.open()]) {
      const answer = await claim(asker, job);
      if (answer.kind !== 'running') throw new Error(`answered ${answer.kind}`);
      const leftMs = answer.untilMs - answer.nowMs;
      expect(leftMs).toBeGreaterThan(30_000);
      expect(leftMs).toBeLessThanOrEqual(60_000);
    }
  });

  test('a live lease answers running to another job of the same idempotency key', async () => {
    const job = aJob();
    await claimRun(store(), job);
    expect(await claim(store(), rivalOf(job))).toMatchObject({ kind: 'running' });
  });

  test('the run whose answer was lost gets the same answer and a whole lease', async () => {
    const job = aJob();
    const first = await claimRun(store(), job, { run: 'r1', leaseMs: 0 });
    expect(await claim(await fixture.open(), job, { run: 'r1' })).toEqual(first);
    expect(await claim(store(), job, { run: 'r2' })).toMatchObject({ kind: 'running' });
  });

  test('a lease that ended without a word is taken over: higher fence, one more start', async () => {
    const job = aJob();
    const first = await claimRun(store(), job, { leaseMs: SHORT_MS });
    await fixture.advance(SHORT_MS);
    const second = await claimRun(store(), job);
    expect(second).toMatchObject({ starts: 2, attempt: 1 });
    expect(second.fence).toBeGreaterThan(first.fence);
  });

  test('starts of another job of the same key are not counted as ours', async () => {
    const job = aJob();
    await claimRun(store(), job, { leaseMs: 0 });
    expect(await claimRun(store(), rivalOf(job))).toMatchObject({ starts: 1 });
  });

  test('a job that keeps killing its process is dead once its starts are used up', async () => {
    const job = aJob();
    for (const starts of [1, 2]) {
      expect(await claimRun(store(), job, { maxStarts: 2, leaseMs: 0 })).toMatchObject({ starts });
    }
    const dead = { kind: 'dead', reason: 'starts_exhausted', attempt: 1, starts: 2 };
    const first = await claim(store(), job, { maxStarts: 2, run: 'r3', leaseMs: 0 });
    expect(first).toMatchObject(dead);
    expect(await claim(store(), job, { maxStarts: 2, run: 'r3' })).toEqual(first);
  });

  test('only one worker at a time is told that a job is dead, and the next one after its lease', async () => {
    const job = aJob();
    const over = { maxStarts: 2, starts: 2 };
    const first = await claim(store(), job, { ...over, leaseMs: SHORT_MS });
    expect(first).toMatchObject({ kind: 'dead', reason: 'starts_exhausted', starts: 2 });
    await fixture.advance(SHORT_MS);
    const second = await claim(store(), job, over);
    expect(second).toMatchObject({ kind: 'dead', reason: 'starts_exhausted', starts: 2 });
    expect(await claim(store(), job, over)).toMatchObject({ kind: 'running' });
    if (first.kind === 'dead' && second.kind === 'dead') expect(second.fence).toBeGreaterThan(first.fence);
  });

  test('a copy for more attempts than there are is dead, and no start is counted', async () => {
    const answer = await claim(store(), aJob(), { attempt: 4, maxAttempts: 3, starts: 1 });
    expect(answer).toMatchObject({ kind: 'dead', reason: 'attempts_exhausted', attempt: 4, starts: 1 });
  });

  test('a completed key answers done with its fence, origin and event', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job);
    const event = Buffer.from('told later');
    await store().complete([completeOf(job, fence, { origin: 'billing.events/0/1', event })]);
    for (const asker of [job, rivalOf(job)]) {
      const answer = await claim(store(), asker);
      expect(answer).toEqual({ kind: 'done', fence, origin: 'billing.events/0/1', event });
    }
  });

  test.each([
    ['tenants', { tenant: 'acme' }, { tenant: 'acme2' }],
    ['job types', { jobType: 'send-receipt' }, { jobType: 'send-reminder' }],
    ['idempotency keys', { idempotencyKey: 'a' }, { idempotencyKey: 'b' }],
    ['parts that read alike', { tenant: 'a:b', idempotencyKey: 'c' }, { tenant: 'a', idempotencyKey: 'b:c' }],
    ['long keys', { idempotencyKey: `${'x'.repeat(900)}1` }, { idempotencyKey: `${'x'.repeat(900)}2` }],
    ['case', { idempotencyKey: 'Invoice' }, { idempotencyKey: 'invoice' }],
    ['nothing and a blank', { idempotencyKey: '' }, { idempotencyKey: ' ' }],
  ])('different %s do not know of each other', async (_what, left, right) => {
    const job = aJob();
    await claimRun(store(), { ...job, ...left });
    expect(await claim(store(), { ...job, ...right })).toMatchObject({ kind: 'run', starts: 1 });
    expect(await claim(store(), { ...job, ...left })).toMatchObject({ kind: 'running' });
  });

  test('the same job id under two tenants is two jobs', async () => {
    const job = aJob();
    const other = aJob({ jobId: job.jobId });
    const { fence } = await claimRun(store(), job);
    await store().decide([decideOf(job, fence)]);
    expect(await claim(store(), job)).toMatchObject({ kind: 'decided' });
    expect(await claim(store(), other)).toMatchObject({ kind: 'run', attempt: 1, starts: 1 });
  });
};
