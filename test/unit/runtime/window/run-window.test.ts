import { describe, expect, it } from 'vitest';
import { names } from '../../../../src/core/names.ts';
import { UnrecoverableError } from '../../../../src/index.ts';
import { approveReplay, planReplay, reviewReplay, runReplay } from '../../../../src/runtime/replay/index.ts';
import { waitFor } from '../../../support/wait.ts';
import { onInvoice } from '../../consumers/bench.ts';
import { ALL, INBOX, openWindow, QUICK, reason, TOPIC } from './window-bench.ts';

/** A job type that keeps a list of what it ran, beside another one on the same events. */
const withWorkers = async (changes: Parameters<typeof onInvoice>[0] = {}) => {
  const ran: string[] = [];
  const settle = onInvoice({ run: ({ paymentId }) => void ran.push(paymentId), ...changes });
  const archived: string[] = [];
  const archive = onInvoice({ type: 'archive', run: ({ paymentId }) => void archived.push(paymentId) });
  return { ...(await openWindow([settle, archive])), ran, archived };
};

describe('a run of a window', () => {
  it('reaches only its job type, and leaves the offsets of its group alone', async () => {
    const { event, passed, runWindow, bench, ran, archived, admin } = await withWorkers();
    for (const id of ['a', 'b', 'c']) await event(id);
    await passed('settle');
    await passed('archive');
    expect(await runWindow()).toMatchObject({ state: 'finished', counts: { replayed: 3 } });
    const before = await admin.committedOffsets(names.jobGroup('bench', 'settle'), TOPIC);
    const esteira = await bench.run();
    await esteira.idle();
    expect(ran.toSorted()).toEqual(['a', 'b', 'c']);
    expect(archived).toEqual([]);
    expect(await admin.committedOffsets(names.jobGroup('bench', 'settle'), TOPIC)).toEqual(before);
  });

  it('skips what is done and tells it; nothing runs twice', async () => {
    const { event, runWindow, bench, ran, outcomes } = await withWorkers();
    for (const id of ['a', 'b', 'c']) await event(id);
    const esteira = await bench.run();
    await esteira.idle();
    const { planId, counts } = await runWindow();
    expect(counts).toMatchObject({ done: 3, replayed: 0 });
    expect(await outcomes(planId)).toEqual(['done', 'done', 'done']);
    expect(await bench.read(INBOX)).toEqual([]);
    await esteira.idle();
    expect(ran).toHaveLength(3);
  });

  it('leaves to the job type what it has not come to yet', async () => {
    const { event, passed, runWindow, bench, ran } = await withWorkers();
    await event('a');
    await passed();
    await event('b');
    expect((await runWindow()).counts).toMatchObject({ replayed: 1, ahead: 1 });
    const esteira = await bench.run();
    await esteira.idle();
    expect(ran.toSorted()).toEqual(['a', 'b']);
  });

  it('leaves out what is nothing to its job type, and what it would bury', async () => {
    const { event, passed, plan, runWindow, verdicts, bench } = await withWorkers();
    await event('a');
    await event('b', { type: 'billing.Refunded' });
    await event('c', { value: Buffer.from('poison') });
    bench.faults.skipOffsets({ topic: TOPIC, partition: 0 }, 2);
    await event('d', { tenant: 'globex' });
    await passed();
    const { planId } = await plan();
    expect(await verdicts(planId)).toEqual({ replay: 2, other: 1, undecodable: 1, gone: 2 });
    const { counts, total, settled } = await runWindow();
    expect(counts).toMatchObject({ replayed: 2, other: 1, undecodable: 1, gone: 2 });
    expect({ total, settled }).toEqual({ total: 6, settled: 6 });
  });

  // The copy of an event says when that came about: its workers would bury it at once, and the DLQ would be full of it.
  it('leaves out what is older than its job may be', async () => {
    const { event, passed, runWindow, copies } = await withWorkers({ maxAge: '1h' });
    await event('old', { bornMs: Date.now() - 7_200_000 });
    await event('young', { bornMs: Date.now() });
    await passed();
    expect((await runWindow()).counts).toMatchObject({ replayed: 1, expired: 1 });
    expect((await copies()).map((copy) => copy.event)).toEqual(['young']);
  });

  it('and a dead letter that is too old to run is left out of a replay too', async () => {
    const { event, parts, bench } = await withWorkers({ maxAge: '1h' });
    await event('old', { bornMs: Date.now() - 7_200_000 });
    const esteira = await bench.run();
    await waitFor('a dead letter', async () => (await bench.read('bench.dlq.settle')).length === 1);
    await esteira.idle();
    const { planId } = await planReplay(parts, { jobType: 'settle', reason });
    const { counts } = await runReplay(parts, { planId, reason, options: QUICK });
    expect(counts).toMatchObject({ expired: 1, replayed: 0 });
  });

  it('is told beforehand by tenant and schema, and a review writes nothing', async () => {
    const { event, passed, plan, parts, bench } = await withWorkers();
    await event('a');
    await event('b', { type: 'billing.Refunded' });
    await event('d', { tenant: 'globex' });
    await passed();
    const { planId } = await plan();
    const { counts } = await reviewReplay(parts, planId);
    expect(counts.tenant).toEqual({ acme: 1, globex: 1 });
    expect(Object.values(counts.schema)).toEqual([2]);
    expect(await bench.read(INBOX)).toEqual([]);
  });

  it('writes the same bytes, as the job that the event is, and names the record it came from', async () => {
    const { event, passed, runWindow, copies, bench } = await withWorkers();
    const at = await event('a');
    await passed();
    const { planId } = await runWindow();
    expect(await copies()).toEqual([
      {
        ...{ event: 'a', id: expect.any(String), type: 'settle', attempt: 1, starts: 0, hop: 1, priority: 5 },
        ...{ replayId: planId, replayOf: `${TOPIC}/${at.partition}/${at.offset}`, replayCount: 1 },
      },
    ]);
    const [[copy], [record]] = [await bench.read(INBOX), await bench.read(TOPIC)];
    expect(copy?.value).toEqual(record?.value);
    expect(copy?.key).toEqual(record?.key);
  });

  it('is audited from its plan to its end, record by record, and told', async () => {
    const { event, passed, runWindow, audits, bench, results } = await withWorkers();
    await event('a');
    await passed();
    const { planId } = await runWindow();
    expect((await audits()).map(({ action }) => action)).toEqual([
      ...['window.plan', 'window.run', 'window.replay', 'window.finish'],
    ]);
    const esteira = await bench.run();
    await esteira.idle();
    expect(await results(planId)).toMatchObject([{ outcome: 'replayed', tenant: 'acme', job: 'completed' }]);
  });

  it('does not begin while the audit cannot be written', async () => {
    const { event, passed, plan, parts, bench } = await withWorkers();
    await event('a');
    await passed();
    const { planId } = await plan();
    bench.faults.failSends('bench.audit');
    const failed = runReplay(parts, { planId, reason, options: QUICK });
    await expect(failed).rejects.toMatchObject({ code: 'ESTEIRA_AUDIT_UNAVAILABLE' });
    expect(await bench.read(INBOX)).toEqual([]);
  });

  it('above its size needs a second person', async () => {
    const { event, passed, plan, parts, as } = await withWorkers();
    for (const id of ['a', 'b', 'c']) await event(id);
    await passed();
    const strict = { ...parts, policy: { observeMs: 1, approveAbove: 2 } };
    const { planId } = await plan({}, strict);
    const run = () => runReplay(strict, { planId, reason, options: QUICK });
    await expect(run()).rejects.toMatchObject({ code: 'ESTEIRA_REPLAY_REFUSED' });
    await approveReplay(as('bea', 'approver'), { planId, reason });
    expect(await run()).toMatchObject({ state: 'finished' });
  });

  // One inbox, one runner: whether the records come from a DLQ or from a window.
  it('and a replay of dead letters of the same job type are not run at once', async () => {
    const { event, passed, plan, parts, bench } = await withWorkers({
      ...{ retry: { attempts: 1 } },
      run: () => {
        throw new UnrecoverableError('broken');
      },
    });
    for (const id of ['a', 'b', 'c', 'd']) await event(id);
    const esteira = await bench.run();
    await esteira.idle();
    await esteira.stop();
    await passed();
    const letters = await planReplay(parts, { jobType: 'settle', reason });
    const { planId } = await plan();
    const slow = { ...parts, policy: { observeMs: 1, batchRecords: 1 } };
    const refusals: Promise<unknown>[] = [];
    const run = await runReplay(slow, {
      ...{ planId, reason, options: QUICK },
      onProgress: () =>
        refusals.length === 0 &&
        refusals.push(
          runReplay(parts, { planId: letters.planId, reason, options: QUICK }).catch(
            (error: unknown) => error,
          ),
        ),
    });
    expect(run.state).toBe('finished');
    expect(await refusals[0]).toMatchObject({
      code: 'ESTEIRA_REPLAY_REFUSED',
      message: expect.stringContaining('job type settle is being replayed by ana'),
    });
  });

  it('lets a job that died run, and its dead letter is skipped as done later', async () => {
    const broken = new Set(['a']);
    const ran: string[] = [];
    const { event, runWindow, parts, bench } = await withWorkers({
      retry: { attempts: 2, backoff: '20ms' },
      run: ({ paymentId }) => {
        if (broken.has(paymentId)) throw new Error('no answer');
        ran.push(paymentId);
      },
    });
    await event('a');
    await event('b');
    const esteira = await bench.run();
    await waitFor('a dead letter', async () => (await bench.read('bench.dlq.settle')).length === 1);
    await esteira.idle();
    broken.clear();
    expect((await runWindow()).counts).toMatchObject({ replayed: 1, done: 1 });
    await esteira.idle();
    expect(ran.toSorted()).toEqual(['a', 'b']);
    const letters = await planReplay(parts, { jobType: 'settle', reason });
    const replayed = await runReplay(parts, { planId: letters.planId, reason, options: QUICK });
    expect(replayed.counts).toMatchObject({ done: 1, replayed: 0 });
  });

  it('of an event that was published twice runs it once, and its canary counts one job', async () => {
    const { event, passed, plan, parts, bench, ran } = await withWorkers();
    for (const id of ['a', 'a', 'b', 'b', 'c', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']) await event(id);
    await passed();
    const { planId } = await plan({ bounds: ALL });
    const esteira = await bench.run();
    const result = await runReplay(parts, {
      ...{ planId, reason, options: { rate: 0, canary: 6, failureRatio: 0, canaryWaitMs: 10_000 } },
    });
    expect(result).toMatchObject({ state: 'finished', settled: 13 });
    await esteira.idle();
    expect(ran.toSorted()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']);
  });
});
