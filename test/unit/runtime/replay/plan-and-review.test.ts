import { beforeEach, describe, expect, it } from 'vitest';
import { formatPosition } from '../../../../src/core/record.ts';
import { replayResults, reviewReplay, runReplay } from '../../../../src/runtime/replay/index.ts';
import { makeShop, QUICK, reason, type Shop } from './shop.ts';

let shop: Shop;
let world: Shop['world'];
beforeEach(async () => {
  shop = await makeShop();
  world = shop.world;
  return () => world.broker.close();
});
const die = (...what: Parameters<Shop['dieOften']>) => shop.dieOften(...what);
const plan = (...by: Parameters<Shop['plan']>) => shop.plan(...by);
const actions = () => shop.actions();
const inbox = () => shop.inbox();

describe('a plan', () => {
  it('counts what it means, says what it leaves out, and writes nothing but itself', async () => {
    await die(3);
    await world.die({ tenant: 'zeta', job: { id: 'other', deadReason: 'undecodable' } });
    await world.die({ job: { id: 'stray', type: 'make-report' } });
    const file = await plan();
    expect(file.plan).toMatchObject({
      actor: 'ana',
      total: 4,
      counts: {
        jobType: { 'send-receipt': 4 },
        reason: { attempts_exhausted: 3, undecodable: 1 },
        fingerprint: { f00d: 4 },
        tenant: { acme: 3, zeta: 1 },
      },
      refused: [{ count: 1 }],
    });
    expect(Object.values(file.plan.counts.schema)).toEqual([4]);
    expect(await inbox()).toBe(0);
    expect(await actions()).toEqual(['replay.plan']);
  });

  it('of several dead letters of one job holds the last, wherever they stand', async () => {
    await world.die({ key: 'a', job: { hop: 9 } });
    await world.die({ key: 'b', job: { hop: 5 } });
    await world.die({ key: 'a', job: { hop: 7 } });
    const { plan: made, planId } = await plan();
    expect(made).toMatchObject({ total: 1, refused: [{ count: 2 }] });
    await runReplay(world.parts, { planId, reason, options: QUICK });
    expect(await inbox()).toBe(1);
  });

  it('is frozen: what dies later is not touched', async () => {
    await die(2);
    const { planId } = await plan();
    await world.die({ job: { id: 'late' } });
    expect(await runReplay(world.parts, { planId, reason, options: QUICK })).toMatchObject({
      state: 'finished',
      counts: { replayed: 2 },
    });
    expect(await inbox()).toBe(2);
  });

  it.each([
    [
      'somebody who may not',
      { operator: { name: 'vic', roles: ['viewer'] } } as const,
      'ESTEIRA_OPERATOR_REFUSED',
    ],
    ['an audit that cannot be written', {}, 'ESTEIRA_AUDIT_UNAVAILABLE'],
  ])('is not made, not even in part, for %s', async (_, change, code) => {
    await die(1);
    if (code === 'ESTEIRA_AUDIT_UNAVAILABLE') world.faults.failSends('shop.audit');
    await expect(plan({ ...world.parts, ...change })).rejects.toMatchObject({ code });
    expect(await world.read('shop.control')).toEqual([]);
  });

  it('of nothing is refused', async () => {
    await expect(plan()).rejects.toMatchObject({ code: 'ESTEIRA_REPLAY_REFUSED' });
  });
});

/** Marks the job of a letter as done, as its worker does. */
const markDone = async (jobId: string): Promise<void> => {
  const id = { jobType: 'send-receipt', tenant: 'acme', idempotencyKey: jobId };
  const copy = { jobId, hop: 6, origin: 'shop.events/0/7' };
  const [claim] = await world.state.claim([
    {
      ...{ ...id, ...copy, position: 'shop.job.send-receipt/0/0', attempt: 1, starts: 0 },
      ...{ maxAttempts: 3, maxStarts: 8, leaseMs: 1_000, run: `run of ${jobId}` },
    },
  ]);
  const fence = claim?.kind === 'run' ? claim.fence : 0;
  await world.state.complete([{ ...id, ...copy, fence, event: Buffer.alloc(0), doneTtlMs: 60_000 }]);
};

describe('a review, and the run after it', () => {
  it('keeps back what is done, what no longer decodes and what is over its cap', async () => {
    await die(2);
    await markDone('job-1');
    await world.die({ value: Buffer.from('poison'), job: { id: 'poison' } });
    await world.die({ job: { id: 'again', replayCount: 3 } });
    const { planId } = await plan();
    const { lines } = await reviewReplay(world.parts, planId);
    expect(new Map(lines.map(({ verdict, count }) => [verdict, count]))).toEqual(
      new Map([
        ['replay', 1],
        ['done', 1],
        ['undecodable', 1],
        ['shelved', 1],
      ]),
    );
    expect(lines.find(({ verdict }) => verdict === 'undecodable')?.examples[0]?.detail).toContain(
      'BAD_MAGIC_BYTE',
    );
    expect(await actions()).toEqual(['replay.plan']);
    const { counts } = await runReplay(world.parts, { planId, reason, options: QUICK });
    expect(counts).toMatchObject({ replayed: 1, done: 1, undecodable: 1, shelved: 1 });
    expect(await inbox()).toBe(1);
    expect(world.told.map(({ type, jobId }) => `${type} ${jobId}`).toSorted()).toEqual([
      'job.replayed job-0',
      'job.skipped job-1',
    ]);
  });

  it('lets poison go on request, until it has been replayed as often as it may be: then it stays listed', async () => {
    for (const replayCount of [0, 1, 2, 3]) {
      const at = await world.die({
        value: Buffer.from('poison'),
        job: { id: 'poison', hop: replayCount, replayCount },
      });
      const { planId } = await plan();
      await runReplay(world.parts, { planId, reason, options: { ...QUICK, undecodable: true } });
      const results: string[] = [];
      await replayResults(world.parts, planId, ({ position, outcome }) =>
        results.push(`${position} ${outcome}`),
      );
      expect(results).toEqual([`${formatPosition(at)} ${replayCount < 3 ? 'replayed' : 'shelved'}`]);
    }
    expect(await inbox()).toBe(3);
  });
});
