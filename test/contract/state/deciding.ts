import { expect, test } from 'vitest';
import type { StateStore } from '../../../src/core/ports/state.ts';
import {
  aJob,
  claim,
  claimRun,
  completeOf,
  decideOf,
  one,
  rivalOf,
  SHORT_MS,
  type StateFixture,
  settledOf,
} from './fixture.ts';

const ELSEWHERE = 'billing.events/3/99';
const ORIGIN = 'billing.events/3/1';

/** What becomes of a copy: decided once, by one copy, whoever asks and however often. */
export const describeDeciding = (store: () => StateStore, fixture: StateFixture): void => {
  test('the copy that decided is told its decision when it comes again, and does not run', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job);
    const decision = Buffer.from('to the 5m tier');
    expect(await one(store().decide([decideOf(job, fence, { decision })]))).toEqual({ kind: 'stored' });
    expect(await claim(await fixture.open(), job)).toEqual({ kind: 'decided', decision });
    const other = Buffer.from('another decision');
    const again = await one(store().decide([decideOf(job, fence, { decision: other })]));
    expect(again).toEqual({ kind: 'decided', decision });
  });

  test('another copy of the same hop is superseded, so that copies die out', async () => {
    // A second copy that was answered "decided" wrote the next hop too, and copies never ended.
    const job = aJob();
    const { fence } = await claimRun(store(), job);
    await store().decide([decideOf(job, fence, { origin: ORIGIN })]);
    const superseded = { kind: 'superseded', origin: ORIGIN };
    expect(await claim(store(), job, { position: ELSEWHERE })).toEqual(superseded);
    const late = decideOf(job, undefined, { position: ELSEWHERE, origin: ELSEWHERE });
    expect(await one(store().decide([late]))).toEqual(superseded);
  });

  test('a settled decision is superseded for its own copy too', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job);
    await store().decide([decideOf(job, fence, { origin: ORIGIN })]);
    await store().settled([settledOf(job)]);
    await store().settled([settledOf(job)]);
    expect(await claim(store(), job)).toEqual({ kind: 'superseded', origin: ORIGIN });
    expect(await one(store().decide([decideOf(job, fence)]))).toEqual({ kind: 'superseded', origin: ORIGIN });
  });

  test('only the deciding copy settles its decision', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job);
    await store().decide([decideOf(job, fence)]);
    await store().settled([
      settledOf(job, { position: ELSEWHERE }),
      settledOf(job, { hop: 1 }),
      settledOf({ ...job, jobId: aJob().jobId }),
    ]);
    expect(await claim(store(), job)).toMatchObject({ kind: 'decided' });
  });

  test('the successor is adopted with the numbers of its own headers', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job, { starts: 2 });
    await store().decide([decideOf(job, fence)]);
    const hopped = { hop: 1, position: 'app.job.send-receipt/0/5', attempt: 2, starts: 3 };
    const next = await claimRun(store(), job, hopped);
    expect(next).toMatchObject({ attempt: 2, starts: 4 });
    expect(next.fence).toBeGreaterThan(fence);
  });

  test('a replayed job starts afresh: higher hop, numbers of the headers', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job, { attempt: 3, starts: 4 });
    await store().decide([decideOf(job, fence, { decision: Buffer.from('dead') })]);
    await store().settled([settledOf(job)]);
    expect(await claimRun(store(), job, { hop: 1, attempt: 1, starts: 0 })).toMatchObject({
      attempt: 1,
      starts: 1,
    });
  });

  test('copies of a lower hop are superseded: decided, claimed, given back or crashed', async () => {
    const job = aJob();
    const low = { hop: 0 };
    const { fence } = await claimRun(store(), job);
    await store().decide([decideOf(job, fence)]);
    const second = await claimRun(store(), job, { hop: 1, origin: ORIGIN, leaseMs: 0 });
    expect(await claim(store(), job, low)).toEqual({ kind: 'superseded', origin: ORIGIN });
    await store().release([{ ...job, fence: second.fence, leaseMs: 0 }]);
    expect(await claim(store(), job, low)).toEqual({ kind: 'superseded', origin: ORIGIN });
    const third = await claimRun(store(), job, { hop: 1 });
    await store().decide([decideOf(job, third.fence, { hop: 1, origin: ORIGIN })]);
    expect(await claim(store(), job, low)).toEqual({ kind: 'superseded', origin: ORIGIN });
    expect(await one(store().decide([decideOf(job, fence)]))).toEqual({ kind: 'superseded', origin: ORIGIN });
  });

  test('deciding gives the key back', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job);
    await store().decide([decideOf(job, fence)]);
    expect(await claim(store(), rivalOf(job))).toMatchObject({ kind: 'run' });
    expect(await one(store().renew([{ ...job, fence, leaseMs: 1 }]))).toBe('gone');
  });

  test('asking again is answered decided although another job has taken the key meanwhile', async () => {
    // Answered "fenced", the caller would have dropped a successor that nobody else writes.
    const job = aJob();
    const { fence } = await claimRun(store(), job);
    await store().decide([decideOf(job, fence)]);
    await claimRun(store(), rivalOf(job));
    expect(await one(store().decide([decideOf(job, fence)]))).toMatchObject({ kind: 'decided' });
  });

  test('a run that was overtaken decides nothing', async () => {
    const job = aJob();
    const { fence: old } = await claimRun(store(), job, { leaseMs: 0 });
    const { fence } = await claimRun(store(), job);
    expect(await one(store().decide([decideOf(job, old)]))).toEqual({ kind: 'fenced' });
    expect(await claim(store(), job)).toMatchObject({ kind: 'running' });
    await store().complete([completeOf(job, fence)]);
    expect(await one(store().decide([decideOf(job, old)]))).toEqual({ kind: 'fenced' });
    expect(await claim(store(), job)).toMatchObject({ kind: 'done' });
  });

  test('a claim that ended or was lost still decides while nobody else holds the key', async () => {
    const ended = aJob();
    const { fence } = await claimRun(store(), ended, { leaseMs: 0 });
    expect(await one(store().decide([decideOf(ended, fence)]))).toEqual({ kind: 'stored' });
    const lost = aJob();
    expect(await one(store().decide([decideOf(lost, 12_345)]))).toEqual({ kind: 'stored' });
    expect(await claim(store(), lost)).toMatchObject({ kind: 'decided' });
  });

  test('a copy that was never claimed decides without a fence and takes nobody the key away', async () => {
    const job = aJob();
    const rival = rivalOf(job);
    const { fence } = await claimRun(store(), rival);
    expect(await one(store().decide([decideOf(job, undefined)]))).toEqual({ kind: 'stored' });
    expect(await claim(store(), job)).toMatchObject({ kind: 'decided' });
    expect(await one(store().renew([{ ...rival, fence, leaseMs: 1 }]))).toBe('renewed');
  });

  test('a copy that was never claimed is superseded by a completed key', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job);
    await store().complete([completeOf(job, fence, { origin: ORIGIN })]);
    const late = decideOf(job, undefined);
    expect(await one(store().decide([late]))).toEqual({ kind: 'superseded', origin: ORIGIN });
  });

  test('a run that finds its hop decided by another copy gives its key back', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job);
    await store().decide([decideOf(job, undefined, { position: ELSEWHERE })]);
    expect(await one(store().decide([decideOf(job, fence)]))).toMatchObject({ kind: 'superseded' });
    expect(await claim(store(), rivalOf(job))).toMatchObject({ kind: 'run' });
  });

  test('a decision ends with its lifetime, settled or not', async () => {
    const jobs = [aJob(), aJob()] as const;
    for (const job of jobs) await store().decide([decideOf(job, undefined, { ttlMs: SHORT_MS })]);
    await store().settled([settledOf(jobs[0])]);
    await fixture.advance(SHORT_MS + 5);
    for (const job of jobs) expect(await claim(store(), job)).toMatchObject({ kind: 'run' });
  });
};
