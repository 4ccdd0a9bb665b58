import { describe, expect, it } from 'vitest';
import {
  approveReplay,
  planReplay,
  type ReplayParts,
  replayStatus,
  runReplay,
} from '../../../../src/runtime/replay/index.ts';
import { waitFor } from '../../../support/wait.ts';
import { onInvoice } from '../../consumers/bench.ts';
import { openWindow, QUICK, reason } from './window-bench.ts';

/** Three events that are done, and a job type whose runs are counted by event; it fails on demand. */
const done = async (changes: Parameters<typeof onInvoice>[0] = {}) => {
  const ran: { readonly id: string; readonly key: string }[] = [];
  const broken = new Set<string>();
  const settle = onInvoice({
    run: ({ paymentId }, { idempotencyKey }) => {
      if (broken.has(paymentId)) throw new Error('no answer');
      ran.push({ id: paymentId, key: idempotencyKey });
    },
    ...changes,
  });
  const window = await openWindow([settle]);
  for (const id of ['a', 'b', 'c']) await window.event(id);
  const esteira = await window.bench.run();
  await esteira.idle();
  return { ...window, ran, broken, esteira, ids: () => ran.map(({ id }) => id).toSorted() };
};

describe('a forced window', () => {
  it('needs another person to agree, whatever its size, who neither made nor runs it', async () => {
    const { plan, parts, as, ids } = await done();
    const { planId } = await plan({ force: true });
    expect((await replayStatus(parts, planId)).state).toBe('waits_for_approval');
    const go = () => runReplay(parts, { planId, reason, options: QUICK });
    await expect(go()).rejects.toMatchObject({
      ...{ code: 'ESTEIRA_REPLAY_REFUSED', message: expect.stringContaining('it runs again what is done') },
    });
    await expect(approveReplay(as('ana', 'approver'), { planId, reason })).rejects.toMatchObject({
      code: 'ESTEIRA_REPLAY_REFUSED',
    });
    await approveReplay(as('bea', 'operator', 'approver'), { planId, reason });
    const byApprover = runReplay(as('bea', 'operator', 'approver'), { planId, reason, options: QUICK });
    await expect(byApprover).rejects.toMatchObject({ code: 'ESTEIRA_REPLAY_REFUSED' });
    expect(ids()).toEqual(['a', 'b', 'c']);
    expect(await go()).toMatchObject({ state: 'finished', counts: { forced: 3, replayed: 0, done: 0 } });
  });

  it('runs each once more, under the same job and another key, audited as forced', async () => {
    const { runWindow, esteira, ids, ran, copies, audits, results } = await done();
    const { planId } = await runWindow({ force: true });
    await esteira.idle();
    expect(ids()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
    const forced = ran.slice(3);
    expect(forced.map(({ key }) => key)).toEqual(
      (await copies()).map(({ id, forcedBy }) => `forced/${forcedBy}/${id}`),
    );
    expect(new Set((await copies()).map(({ forcedBy }) => forcedBy))).toEqual(new Set([planId]));
    const actions = (await audits()).map(({ action }) => action);
    expect(actions.filter((action) => action === 'window.force')).toHaveLength(3);
    expect((await audits()).find(({ action }) => action === 'window.plan')?.details).toMatchObject({
      force: 'yes',
    });
    expect(await results(planId)).toMatchObject(Array(3).fill({ outcome: 'forced', job: 'completed' }));
  });

  it('leaves the marks as they are: without force they are skipped, with force they run once more', async () => {
    const { runWindow, event, esteira, ids } = await done();
    await runWindow({ force: true });
    await esteira.idle();
    await event('a');
    await esteira.idle();
    expect((await runWindow()).counts).toMatchObject({ done: 4 });
    await esteira.idle();
    expect(ids().filter((id) => id === 'a')).toHaveLength(2);
    await runWindow({ force: true });
    await esteira.idle();
    expect(ids().filter((id) => id === 'a')).toHaveLength(3);
  });

  it('runs a repeated event once more, not once for each of its records', async () => {
    const { runWindow, event, esteira, ids } = await done();
    await event('a');
    await event('a');
    await esteira.idle();
    await runWindow({ force: true });
    await esteira.idle();
    expect(ids()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
  });

  // What was not done goes first without force; its twin further on finds it done then, by this very plan.
  it('does not force what was done only after the plan was made', async () => {
    const { parts, as, event, plan, passed, bench } = await openWindow([onInvoice()]);
    for (const id of ['a', 'b', 'a']) await event(id);
    await passed();
    const { planId } = await plan({ force: true });
    await approveReplay(as('bea', 'approver'), { planId, reason });
    const esteira = await bench.run();
    const { control } = parts;
    // Each part of the ledger is closed only when the jobs of its records are over.
    const patient: ReplayParts['control'] = {
      append: async (entries) => {
        await esteira.idle();
        return control.append(entries);
      },
      read: (prefix) => control.read(prefix),
      close: () => control.close(),
    };
    const slow = { ...parts, control: patient, policy: { observeMs: 1, batchRecords: 1 } };
    const { counts } = await runReplay(slow, { planId, reason, options: QUICK });
    expect(counts).toMatchObject({ replayed: 2, done: 1, forced: 0 });
  });

  it('keeps its force through retries and on its dead letter', async () => {
    const { runWindow, parts, bench, broken, esteira, ids } = await done({
      retry: { attempts: 2, backoff: '20ms' },
    });
    broken.add('b');
    await runWindow({ force: true });
    await waitFor('a dead letter', async () => (await bench.read('bench.dlq.settle')).length === 1);
    await esteira.idle();
    expect(ids()).toEqual(['a', 'a', 'b', 'c', 'c']);
    broken.clear();
    // Its job is done, and has been since before: only its force says that it is to run once more.
    const letters = await planReplay(parts, { jobType: 'settle', reason });
    const { counts } = await runReplay(parts, { planId: letters.planId, reason, options: QUICK });
    expect(counts).toMatchObject({ replayed: 1, done: 0 });
    await esteira.idle();
    expect(ids()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
  });

  it('does nothing where nothing is done: that runs as ever, once', async () => {
    const { event, passed, runWindow, bench, copies } = await openWindow([onInvoice()]);
    await event('a');
    await passed();
    expect((await runWindow({ force: true })).counts).toMatchObject({ replayed: 1, forced: 0 });
    expect((await copies())[0]?.forcedBy).toBeUndefined();
    const esteira = await bench.run();
    await esteira.idle();
    expect(bench.types('job.completed')).toHaveLength(1);
  });
});
