import { beforeEach, describe, expect, it } from 'vitest';
import {
  approveReplay,
  cancelReplay,
  listReplays,
  pauseReplay,
  type ReplayParts,
  replayResults,
  replayStatus,
  reviewReplay,
  runReplay,
} from '../../../../src/runtime/replay/index.ts';
import { movableClock } from './crashing.ts';
import { makeShop, QUICK, reason, type Shop } from './shop.ts';

const INBOX = 'shop.job.send-receipt';

let shop: Shop;
let world: Shop['world'];
beforeEach(async () => {
  shop = await makeShop();
  world = shop.world;
  return () => world.broker.close();
});
const as = (...who: Parameters<Shop['as']>) => shop.as(...who);
const die = (...what: Parameters<Shop['dieOften']>) => shop.dieOften(...what);
const plan = (...by: Parameters<Shop['plan']>) => shop.plan(...by);
const actions = () => shop.actions();
const inbox = () => shop.inbox();

describe('a run', () => {
  it('is audited from its beginning to its end', async () => {
    await die(1);
    const { planId } = await plan();
    await runReplay(world.parts, { planId, reason: 'go', options: QUICK });
    expect(await actions()).toEqual(['replay.plan', 'replay.run', 'dlq.replay', 'replay.finish']);
    await expect(runReplay(world.parts, { planId, reason })).rejects.toMatchObject({
      code: 'ESTEIRA_REPLAY_REFUSED',
    });
  });

  // A letter of two plans was written by both: the second copy met a job that had gone on, and came to nothing.
  it('leaves out what another plan has replayed since it was made, and says so', async () => {
    await die(2);
    const stale = await plan();
    const { planId } = await plan();
    await runReplay(world.parts, { planId, reason, options: QUICK });
    const review = await reviewReplay(world.parts, stale.planId);
    expect(review.lines).toMatchObject([{ verdict: 'refused', count: 2 }]);
    await runReplay(world.parts, { planId: stale.planId, reason, options: QUICK });
    expect(await inbox()).toBe(2);
    const told: (string | null)[] = [];
    await replayResults(world.parts, stale.planId, ({ outcome }) => told.push(outcome));
    expect(told).toEqual(['refused', 'refused']);
  });

  it('does not begin while the audit cannot be written, and lets go of its DLQ', async () => {
    await die(1);
    const { planId } = await plan();
    world.faults.failSends('shop.audit');
    const failed = runReplay(world.parts, { planId, reason, options: QUICK });
    await expect(failed).rejects.toMatchObject({ code: 'ESTEIRA_AUDIT_UNAVAILABLE' });
    expect(await inbox()).toBe(0);
    world.faults.healSends('shop.audit');
    await runReplay(world.parts, { planId, reason, options: QUICK });
    expect(await inbox()).toBe(1);
  });

  it('of two operators at once goes on for one; the other is told who holds it', async () => {
    await die(30);
    const { planId } = await plan();
    const policy = { observeMs: 1, batchRecords: 1 };
    const runs = await Promise.allSettled(
      ['ana', 'bea'].map((name) =>
        runReplay({ ...as(name, 'operator'), policy }, { planId, reason, options: QUICK }),
      ),
    );
    const refusal = runs.find(({ status }) => status === 'rejected');
    expect(refusal).toMatchObject({ reason: { code: 'ESTEIRA_REPLAY_REFUSED' } });
    expect(refusal).toHaveProperty('reason.facts.holder');
    expect(await inbox()).toBe(30);
  });

  it('above its size needs a second person, who is neither who made the plan nor who runs it', async () => {
    await die(3);
    const strict = (parts: ReplayParts) => ({ ...parts, policy: { observeMs: 1, approveAbove: 2 } });
    const ana = strict(as('ana', 'operator', 'approver'));
    const bea = strict(as('bea', 'operator', 'approver'));
    const { planId } = await plan(ana);
    const go = (parts: ReplayParts) => runReplay(parts, { planId, reason, options: QUICK });
    await expect(go(ana)).rejects.toMatchObject({ code: 'ESTEIRA_REPLAY_REFUSED' });
    expect(await replayStatus(ana, planId)).toMatchObject({ state: 'waits_for_approval' });
    await expect(approveReplay(ana, { planId, reason })).rejects.toMatchObject({
      code: 'ESTEIRA_REPLAY_REFUSED',
    });
    const carl = strict(as('carl', 'operator'));
    await expect(approveReplay(carl, { planId, reason })).rejects.toMatchObject({
      code: 'ESTEIRA_OPERATOR_REFUSED',
    });
    await approveReplay(bea, { planId, reason: 'looks right' });
    await expect(go(bea)).rejects.toMatchObject({ code: 'ESTEIRA_REPLAY_REFUSED' });
    expect(await inbox()).toBe(0);
    expect(await go(ana)).toMatchObject({ state: 'finished' });
    expect(await replayStatus(ana, planId)).toMatchObject({ approvedBy: 'bea', state: 'finished' });
  });

  // `--actor ''` made a plan that nobody had made.
  it.each(['', '  ', 'x'.repeat(201)])('is made by somebody: %j is nobody', async (name) => {
    await die(1);
    await expect(plan(as(name, 'operator'))).rejects.toMatchObject({ code: 'ESTEIRA_USAGE' });
    expect(await world.read('shop.audit')).toEqual([]);
  });

  // Addresses were redacted where they were signed: all people were one, or none was the same.
  it('tells people apart by their names, also where these are e-mail addresses', async () => {
    await die(3);
    const who = (name: string) => ({
      ...as(name, 'operator', 'approver'),
      policy: { observeMs: 1, approveAbove: 2 },
    });
    const { planId } = await plan(who('ana@example.com'));
    const agree = (name: string) => approveReplay(who(name), { planId, reason });
    await expect(agree('ana@example.com')).rejects.toMatchObject({ code: 'ESTEIRA_REPLAY_REFUSED' });
    await agree('bea@example.com');
    const go = (name: string) => runReplay(who(name), { planId, reason, options: QUICK });
    await expect(go('bea@example.com')).rejects.toMatchObject({ code: 'ESTEIRA_REPLAY_REFUSED' });
    expect(await go('ana@example.com')).toMatchObject({ state: 'finished' });
    expect(await replayStatus(who('ana@example.com'), planId)).toMatchObject({
      approvedBy: 'bea@example.com',
    });
  });

  it('is paused after a batch, resumed where it was, and cancelled for good', async () => {
    await die(60);
    const asked: Promise<unknown>[] = [];
    const parts = { ...world.parts, policy: { observeMs: 1, batchRecords: 2 } };
    const { planId } = await plan();
    const other = as('bea', 'operator');
    const firstTwo = await runReplay(parts, {
      ...{ planId, reason, options: QUICK },
      onProgress: ({ settled }) =>
        void (settled === 2 && asked.push(pauseReplay(other, { planId, reason: 'lunch' }))),
    });
    await Promise.all(asked);
    expect(firstTwo).toMatchObject({ state: 'paused', why: 'paused by bea: lunch' });
    const before = await inbox();
    expect(before).toBeLessThan(60);
    await expect(runReplay(parts, { planId, reason })).rejects.toMatchObject({
      code: 'ESTEIRA_REPLAY_REFUSED',
    });
    const cancels: Promise<unknown>[] = [];
    const next = await runReplay(parts, {
      ...{ planId, reason, resume: true },
      onProgress: () =>
        void (cancels.length === 0 && cancels.push(cancelReplay(other, { planId, reason: 'wrong' }))),
    });
    await Promise.all(cancels);
    expect(next.state).toBe('cancelled');
    await expect(runReplay(parts, { planId, reason, resume: true })).rejects.toMatchObject({
      code: 'ESTEIRA_REPLAY_REFUSED',
    });
    expect(await inbox()).toBe(next.counts.replayed);
    expect(await actions()).toContain('replay.pause');
    expect(await actions()).toContain('replay.cancel');
    expect(await listReplays(parts)).toMatchObject([
      { planId, state: 'cancelled', why: 'cancelled by bea: wrong' },
    ]);
  });

  it('ends as paused when its process is asked to stop', async () => {
    await die(4);
    const { planId } = await plan();
    const stop = AbortSignal.abort();
    expect(await runReplay(world.parts, { planId, reason, stop, options: QUICK })).toMatchObject({
      state: 'paused',
    });
    expect(await runReplay(world.parts, { planId, reason, resume: true })).toMatchObject({
      state: 'finished',
    });
    expect(await inbox()).toBe(4);
  });

  // It was frozen for longer than half its lease: another run may have taken over, and looked for what it wrote.
  it('that slept too long stops before it writes again, and is resumed', async () => {
    await die(6);
    const { clock, moveOn } = movableClock(world.parts);
    const parts = { ...world.parts, clock, policy: { observeMs: 1, batchRecords: 2, leaseMs: 15_000 } };
    const { planId } = await plan();
    const slept = runReplay(parts, { planId, reason, options: QUICK, onProgress: () => moveOn(8_000) });
    await expect(slept).rejects.toMatchObject({ code: 'ESTEIRA_REPLAY_INTERRUPTED' });
    expect(await inbox()).toBe(2);
    expect(await runReplay(parts, { planId, reason, resume: true })).toMatchObject({ state: 'finished' });
    expect(await inbox()).toBe(6);
  });

  it('does not guess where the inbox of that time is gone: the record is unknown, and not written again', async () => {
    await die(1);
    const { planId } = await plan();
    world.faults.holdAcks(INBOX);
    const policy = { observeMs: 1, deadlineMs: 20 };
    const stopped = runReplay({ ...world.parts, policy }, { planId, reason, options: QUICK });
    await expect(stopped).rejects.toMatchObject({ code: 'ESTEIRA_REPLAY_INTERRUPTED' });
    world.faults.releaseAcks();
    const [copy] = await world.read(INBOX);
    if (copy === undefined) throw new Error('nothing was written');
    world.faults.deleteRecords(copy, copy.offset + 1n);
    const { counts } = await runReplay(world.parts, { planId, reason, resume: true });
    expect(counts).toMatchObject({ unknown: 1, replayed: 0 });
    expect(await inbox()).toBe(0);
  });
});
