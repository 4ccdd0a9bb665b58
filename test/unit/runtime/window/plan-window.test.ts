import { describe, expect, it } from 'vitest';
import { readPlanFile, replayStatus, runReplay } from '../../../../src/runtime/replay/index.ts';
import { onInvoice } from '../../consumers/bench.ts';
import { openWindow, QUICK, reason, TOPIC } from './window-bench.ts';

const HOUR_MS = 3_600_000;

/** Events an hour apart, the last an hour ago. */
const withHistory = async (count: number) => {
  const window = await openWindow([onInvoice()]);
  const beganMs = Date.now() - count * HOUR_MS;
  for (let index = 0; index < count; index += 1)
    await window.event(`e-${index}`, { atMs: beganMs + index * HOUR_MS });
  return { ...window, timeOf: (index: number) => beganMs + index * HOUR_MS };
};

const offsets = (from: bigint, to?: bigint) => ({
  offsets: new Map([[0, { from, ...(to === undefined ? {} : { to }) }]]),
});

describe('a plan of a window', () => {
  it('holds exactly what stood in the topic between two times, the second excluded', async () => {
    const { plan, timeOf, outcomes, parts, passed } = await withHistory(6);
    await passed();
    const file = await plan({ bounds: { fromMs: timeOf(1), toMs: timeOf(4) } });
    expect(file.plan).toMatchObject({ kind: 'window.plan', total: 3, chunks: 1, window: { missing: [] } });
    await runReplay(parts, { planId: file.planId, reason, options: QUICK });
    expect(await outcomes(file.planId)).toEqual(['replayed', 'replayed', 'replayed']);
  });

  it('holds what stood between two offsets, and only of the partitions that are named', async () => {
    const { plan, results } = await withHistory(6);
    const { planId } = await plan({ bounds: offsets(2n, 5n) });
    expect((await results(planId)).map(({ position }) => position)).toEqual([
      ...[`${TOPIC}/0/2`, `${TOPIC}/0/3`, `${TOPIC}/0/4`],
    ]);
  });

  it('is frozen: what is published later is in no plan', async () => {
    const { plan, event, parts, copies, passed } = await withHistory(2);
    const { planId } = await plan();
    await event('late');
    await passed();
    await runReplay(parts, { planId, reason, options: QUICK });
    expect((await copies()).map((copy) => copy.event)).toEqual(['e-0', 'e-1']);
  });

  it('says exactly what the topic does not hold any more', async () => {
    const { plan, timeOf, bench } = await withHistory(6);
    bench.faults.deleteRecords({ topic: TOPIC, partition: 0 }, 3n);
    const gone = [{ partition: 0, from: '0', to: '3', firstAtMs: timeOf(3) }];
    expect((await plan({ bounds: { fromMs: timeOf(1) } })).plan).toMatchObject({
      ...{ total: 3, window: { missing: gone } },
    });
    expect((await plan({ bounds: { fromMs: timeOf(4) } })).plan.window?.missing).toEqual([]);
    expect((await plan({ bounds: offsets(1n, 5n) })).plan).toMatchObject({
      ...{ total: 2, window: { missing: [{ ...gone[0], from: '1' }] } },
    });
    const nothing = plan({ bounds: offsets(1n, 2n) });
    await expect(nothing).rejects.toMatchObject({
      ...{
        code: 'ESTEIRA_REPLAY_REFUSED',
        message: expect.stringContaining('offsets 1 to 2 of partition 0 are gone'),
      },
    });
  });

  it('of millions is a few lines on the control topic', async () => {
    const { plan, bench, parts } = await withHistory(1);
    bench.faults.skipOffsets({ topic: TOPIC, partition: 0 }, 3_000_000);
    const { planId, chunks } = await plan();
    expect(chunks).toHaveLength(31);
    const stored = (await bench.read('bench.control')).reduce(
      (sum, { value }) => sum + (value?.length ?? 0),
      0,
    );
    expect(stored).toBeLessThan(8_000);
    expect((await readPlanFile(parts.control, planId)).plan.total).toBe(3_000_001);
  });

  it.each([
    ['ends in time to come', { fromMs: 0, toMs: Date.now() + HOUR_MS }, 'ESTEIRA_REPLAY_REFUSED'],
    ['ends before it begins', { fromMs: 2, toMs: 1 }, 'ESTEIRA_REPLAY_REFUSED'],
    ['ends behind the end of the topic', offsets(0n, 7n), 'ESTEIRA_REPLAY_REFUSED'],
    ['begins at the end of the topic', offsets(6n), 'ESTEIRA_REPLAY_REFUSED'],
    ['holds nothing', { fromMs: Date.now() }, 'ESTEIRA_REPLAY_REFUSED'],
    ['names a partition there is not', { offsets: new Map([[4, { from: 0n }]]) }, 'ESTEIRA_USAGE'],
  ])('is not made where it %s', async (_, bounds, code) => {
    const { plan, bench } = await withHistory(6);
    await expect(plan({ bounds })).rejects.toMatchObject({ code });
    expect(await bench.read('bench.control')).toEqual([]);
    expect(await bench.read('bench.audit')).toEqual([]);
  });

  it.each([
    ['of a job type there is not', { jobType: 'nope' }, 'ESTEIRA_JOB_TYPE_UNKNOWN'],
    ['of a topic it does not listen to', { topic: 'other.events' }, 'ESTEIRA_USAGE'],
    ['without a reason', { reason: ' ' }, 'ESTEIRA_USAGE'],
    ['with a reason that nobody would read', { reason: 'x'.repeat(1_001) }, 'ESTEIRA_USAGE'],
  ])('is not made %s', async (_, request, code) => {
    const { plan } = await withHistory(1);
    await expect(plan(request)).rejects.toMatchObject({ code });
  });

  it('is not made, not even in part, by somebody who may not, nor while the audit cannot be written', async () => {
    const { plan, as, bench } = await withHistory(1);
    await expect(plan({}, as('vic', 'viewer'))).rejects.toMatchObject({ code: 'ESTEIRA_OPERATOR_REFUSED' });
    bench.faults.failSends('bench.audit');
    await expect(plan()).rejects.toMatchObject({ code: 'ESTEIRA_AUDIT_UNAVAILABLE' });
    expect(await bench.read('bench.control')).toEqual([]);
  });

  // What was done so long ago is forgotten: it would run a second time, and nobody would have asked for that.
  it('that reaches back beyond what is remembered needs a second person', async () => {
    const { plan, event, parts, passed } = await openWindow([onInvoice({ doneTtl: '2h' })]);
    await event('old', { atMs: Date.now() - 3 * HOUR_MS });
    await event('new');
    await passed();
    const { planId } = await plan();
    expect((await replayStatus(parts, planId)).state).toBe('waits_for_approval');
    await expect(runReplay(parts, { planId, reason, options: QUICK })).rejects.toMatchObject({
      code: 'ESTEIRA_REPLAY_REFUSED',
      message: expect.stringContaining('nobody remembers whether they are done'),
    });
    const young = await plan({ bounds: { fromMs: Date.now() - HOUR_MS } });
    expect((await replayStatus(parts, young.planId)).state).toBe('planned');
  });
});
