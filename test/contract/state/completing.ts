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
  toldOf,
} from './fixture.ts';

/** The done mark: who may leave it, and how long it stays. */
export const describeCompleting = (store: () => StateStore, fixture: StateFixture): void => {
  test('the holder completes, and hears already when it asks again', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job);
    expect(await one(store().complete([completeOf(job, fence)]))).toBe('completed');
    expect(await one(store().complete([completeOf(job, fence)]))).toBe('already');
  });

  test('completing is accepted after the lease while nobody else took the key', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job, { leaseMs: SHORT_MS });
    await fixture.advance(SHORT_MS);
    expect(await one(store().complete([completeOf(job, fence)]))).toBe('completed');
  });

  test('a run that was overtaken leaves no mark', async () => {
    const job = aJob();
    const { fence: old } = await claimRun(store(), job, { leaseMs: 0 });
    const { fence } = await claimRun(store(), job);
    expect(await one(store().complete([completeOf(job, old)]))).toBe('fenced');
    expect(await claim(store(), job)).toMatchObject({ kind: 'running' });
    expect(await one(store().complete([completeOf(job, fence)]))).toBe('completed');
    expect(await one(store().complete([completeOf(job, old)]))).toBe('fenced');
    expect(await claim(store(), job)).toMatchObject({ kind: 'done', fence });
  });

  test('a claim that the store lost is adopted', async () => {
    const job = aJob();
    expect(await one(store().complete([completeOf(job, 12_345)]))).toBe('adopted');
    expect(await claim(store(), job)).toMatchObject({ kind: 'done', fence: 12_345 });
    expect(await one(store().complete([completeOf(job, 12_345)]))).toBe('already');
  });

  test('an old run that finishes is adopted when the newer one gave the key back', async () => {
    const job = aJob();
    const { fence: old } = await claimRun(store(), job, { leaseMs: 0 });
    const { fence } = await claimRun(store(), job);
    await store().release([{ ...job, fence, leaseMs: 0 }]);
    expect(await one(store().complete([completeOf(job, old)]))).toBe('adopted');

    const decided = aJob();
    const { fence: first } = await claimRun(store(), decided, { leaseMs: 0 });
    const { fence: second } = await claimRun(store(), decided);
    await store().decide([decideOf(decided, second)]);
    expect(await one(store().complete([completeOf(decided, first)]))).toBe('adopted');
    expect(await claim(store(), decided, { hop: 1, attempt: 2 })).toMatchObject({
      kind: 'done',
      fence: first,
    });
  });

  test('told drops the event of its own mark and nothing else', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job);
    await store().complete([completeOf(job, fence)]);
    await store().told([toldOf(job, fence + 1)]);
    expect(await claim(store(), job)).toHaveProperty('event');
    await store().told([toldOf(job, fence)]);
    await store().told([toldOf(job, fence)]);
    const answer = await claim(store(), job);
    expect(answer).toEqual({ kind: 'done', fence, origin: completeOf(job, fence).origin });
    expect(await one(store().complete([completeOf(job, fence)]))).toBe('already');
    expect(await claim(store(), job)).toEqual(answer);
  });

  test('events of one call are kept apart, and go when all of them are told', async () => {
    const jobs = [aJob(), aJob({ tenant: 'acme' }), aJob()];
    const runs = await Promise.all(
      jobs.map(async (job) => ({ job, fence: (await claimRun(store(), job)).fence })),
    );
    const events = ['first', '', 'x'.repeat(70_000)].map((text) => Buffer.from(text));
    const requests = runs.map(({ job, fence }, i) =>
      completeOf(job, fence, { event: events[i] ?? Buffer.alloc(0) }),
    );
    expect(await store().complete(requests)).toEqual(['completed', 'completed', 'completed']);
    for (const [i, { job }] of runs.entries())
      expect(await claim(store(), job)).toMatchObject({ kind: 'done', event: events[i] });
    await store().told(runs.slice(1).map(({ job, fence }) => toldOf(job, fence)));
    expect(await claim(store(), jobs[0] ?? aJob())).toHaveProperty('event', events[0]);
    await store().told(runs.slice(0, 1).map(({ job, fence }) => toldOf(job, fence)));
    for (const job of jobs) expect(await claim(store(), job)).not.toHaveProperty('event');
  });

  test('an event is told by another process than the one that left the mark', async () => {
    const jobs = [aJob(), aJob()];
    const runs = await Promise.all(
      jobs.map(async (job) => ({ job, fence: (await claimRun(store(), job)).fence })),
    );
    await store().complete(runs.map(({ job, fence }) => completeOf(job, fence)));
    const other = await fixture.open();
    for (const { job, fence } of runs) {
      expect(await claim(other, job)).toHaveProperty('event');
      await other.told([toldOf(job, fence)]);
      expect(await claim(store(), job)).not.toHaveProperty('event');
    }
    await other.close();
  });

  test('told leaves a claim and an unknown key as they are', async () => {
    const job = aJob();
    const unknown = aJob();
    const { fence } = await claimRun(store(), job);
    await store().told([toldOf(job, fence), toldOf(unknown, fence)]);
    expect(await claim(store(), job)).toMatchObject({ kind: 'running' });
    expect(await claim(store(), unknown)).toMatchObject({ kind: 'run' });
  });

  test('a done mark ends with its lifetime, told or not, and fences go on growing', async () => {
    const jobs = [aJob(), aJob()] as const;
    const fences: number[] = [];
    for (const job of jobs) {
      const { fence } = await claimRun(store(), job);
      fences.push(fence);
      await store().complete([completeOf(job, fence, { doneTtlMs: SHORT_MS })]);
    }
    await store().told([toldOf(jobs[0], fences[0] ?? 0, { doneTtlMs: SHORT_MS })]);
    await fixture.advance(SHORT_MS + 5);
    for (const job of jobs) {
      const { fence, starts } = await claimRun(store(), job);
      expect(starts).toBe(1);
      expect(fence).toBeGreaterThan(Math.max(...fences));
    }
  });

  test('completing forgets what was known of the job', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job);
    await store().decide([decideOf(job, fence)]);
    const next = await claimRun(store(), job, { hop: 1, attempt: 2 });
    expect(await claim(store(), job)).toMatchObject({ kind: 'superseded' });
    await store().complete([completeOf(job, next.fence, { hop: 1, doneTtlMs: SHORT_MS })]);
    await fixture.advance(SHORT_MS + 5);
    expect(await claimRun(store(), job)).toMatchObject({ attempt: 1, starts: 1 });
  });

  test('of two jobs of one key the second finds the mark of the first', async () => {
    const job = aJob();
    const rival = rivalOf(job);
    const { fence } = await claimRun(store(), job, { leaseMs: 0 });
    const { fence: later } = await claimRun(store(), rival);
    expect(await one(store().complete([completeOf(job, fence)]))).toBe('fenced');
    expect(await one(store().complete([completeOf(rival, later)]))).toBe('completed');
    expect(await claim(store(), job)).toMatchObject({ kind: 'done', fence: later });
  });
};
