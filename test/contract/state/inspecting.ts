import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { OrderedStateStore } from '../../../src/core/ports/order-state.ts';
import type { ClaimId, ClaimState } from '../../../src/core/ports/state.ts';
import {
  aJob,
  claim,
  claimRun,
  completeOf,
  decideOf,
  LONG_MS,
  one,
  SHORT_MS,
  type StateFixture,
} from './fixture.ts';
import { aSequence, failOf, recordAt, runOf } from './ordering-fixture.ts';

/** Looking at claims without touching them. */
export const describeInspecting = (store: () => OrderedStateStore, fixture: StateFixture): void => {
  const look = (id: ClaimId): Promise<ClaimState> => one(store().inspect([id]));

  test('says who runs, with which fence, and until when', async () => {
    const job = aJob();
    const { fence } = await claimRun(store(), job, { attempt: 2, starts: 3 });
    const state = await look(job);
    expect(state).toMatchObject({ kind: 'running', fence, jobId: job.jobId, attempt: 2, starts: 4 });
    expect(state).toMatchObject({ origin: 'billing.events/3/17' });
    if (state.kind !== 'running') throw new Error('not running');
    expect(state.untilMs - state.nowMs).toBeGreaterThan(LONG_MS - 60_000);
    expect(state).not.toHaveProperty('dead');
  });

  test('changes nothing: a lease that was looked at ends when it would have', async () => {
    const job = aJob();
    await claimRun(store(), job, { leaseMs: SHORT_MS });
    await look(job);
    await fixture.advance(2 * SHORT_MS);
    const state = await look(job);
    if (state.kind !== 'running') throw new Error(`it is ${state.kind}`);
    expect(state.untilMs).toBeLessThan(state.nowMs);
    expect(await claim(store(), job)).toMatchObject({ kind: 'run', starts: 2 });
  });

  test('tells a claim for a dead letter from a start', async () => {
    const job = aJob();
    await claim(store(), job, { attempt: 4 });
    expect(await look(job)).toMatchObject({ kind: 'running', dead: 'attempts_exhausted', starts: 0 });
  });

  test('what was never claimed, or was given back, is unknown; what is done is done', async () => {
    const [never, back, over] = [aJob(), aJob(), aJob()];
    const given = await claimRun(store(), back);
    await store().release([{ ...back, fence: given.fence, leaseMs: LONG_MS }]);
    const { fence } = await claimRun(store(), over);
    await store().complete([completeOf(over, fence)]);
    const states = await store().inspect([never, back, over]);
    expect(states.map(({ kind }) => kind)).toEqual(['unknown', 'unknown', 'done']);
    expect(states[2]).toMatchObject({ fence, origin: 'billing.events/3/17' });
    expect(await store().inspect([])).toEqual([]);
  });

  test('says the last hop that was decided about a job; nothing is known of others, nor of one that is done', async () => {
    const [never, failed, over] = [aJob(), aJob(), aJob()];
    for (const job of [failed, over]) {
      const { fence } = await claimRun(store(), job, { hop: 3 });
      await store().decide([decideOf(job, fence, { hop: 3 })]);
    }
    const { fence } = await claimRun(store(), over, { hop: 4 });
    expect(await store().lastHops([never, failed, over])).toEqual([-1, 3, 3]);
    await store().complete([completeOf(over, fence, { hop: 4 })]);
    expect(await store().lastHops([failed, over])).toEqual([3, -1]);
    expect(await store().lastHops([])).toEqual([]);
  });

  test('a failed record of an ordered type has no claim while it waits', async () => {
    const record = recordAt(aSequence({ orderKey: randomUUID() }), 4);
    const { fence } = await runOf(store(), record);
    expect(await look(record)).toMatchObject({ kind: 'running', fence, jobId: record.jobId });
    await store().order.fail([failOf(record, fence, { delayMs: LONG_MS })]);
    expect((await look(record)).kind).toBe('unknown');
  });
};
