import { beforeEach, describe, expect, it } from 'vitest';
import { formatPosition } from '../../../../src/core/record.ts';
import { approveDeed, doToLetters, letterStats } from '../../../../src/runtime/letters/index.ts';
import { planReplay, replayNow, reviewReplay, runReplay } from '../../../../src/runtime/replay/index.ts';
import { takeReplayLock } from '../../../../src/runtime/replay/replay-lock.ts';
import { INBOX, type LetterShop, makeLetterShop, reason } from './letter-shop.ts';

let shop: LetterShop;
beforeEach(async () => {
  shop = await makeLetterShop();
  return () => shop.broker.close();
});

const RECEIPT = { jobType: 'send-receipt' };
const QUICK = { rate: 0, canary: 0 };

describe('a discard', () => {
  it('is a dry run unless told otherwise, and writes nothing', async () => {
    const at = await shop.die();
    expect(await shop.doTo('discard', [at], { run: false })).toMatchObject({
      ...{ outcome: 'would_be_done', deedId: null, letters: 1, reasons: { attempts_exhausted: 1 } },
      examples: [formatPosition(at)],
    });
    expect(await shop.stateOf(at)).toBe('open');
    expect([await shop.audits(), await shop.read('shop.control')]).toEqual([[], []]);
  });

  it('keeps the record, and says who, when and why', async () => {
    const at = await shop.die();
    const other = await shop.die({ job: { id: 'job-2' } });
    const { deedId } = await shop.doTo('discard', [at]);
    expect([await shop.stateOf(at), await shop.stateOf(other)]).toEqual(['discarded', 'open']);
    expect(await shop.historyOf(at)).toEqual(['discarded by ana']);
    expect(await shop.historyOf(other)).toEqual([]);
    expect((await shop.read(at.topic)).length).toBe(2);
    const [deed, letter] = await shop.audits();
    expect(deed).toMatchObject({ action: 'dlq.discard', subject: deedId, actor: 'ana', reason });
    expect(letter).toMatchObject({
      ...{ action: 'dlq.discard', subject: formatPosition(at), tenantId: 'acme', correlationId: 'chain-1' },
      details: { deedId, jobId: 'job-1', jobType: 'send-receipt', deadReason: 'attempts_exhausted' },
    });
  });

  it('takes what nobody can replay: without headers, of another type, shelved', async () => {
    const bare = await shop.die({ headers: [] });
    const stray = await shop.die({ job: { type: 'make-report' } });
    const shelved = await shop.die({ job: { replayCount: 3 } });
    expect(await shop.stateOf(shelved)).toBe('shelved');
    expect(await shop.doTo('discard', [bare, stray, shelved])).toMatchObject({ outcome: 'done', letters: 3 });
    expect(new Set((await shop.states()).values())).toEqual(new Set(['discarded']));
  });

  it('leaves out what went back or is discarded already, and where nothing stands', async () => {
    const [replayed, gone, open] = [
      await shop.die({ key: 'a', job: { id: 'a' } }),
      await shop.die({ key: 'b', job: { id: 'b' } }),
      await shop.die({ key: 'c', job: { id: 'c' } }),
    ];
    await replayNow(shop.parts, { selection: { positions: [replayed] }, reason, run: true });
    await shop.doTo('discard', [gone]);
    const nowhere = { ...open, offset: 99n };
    expect(await shop.doTo('discard', [replayed, gone, open, nowhere])).toMatchObject({
      ...{ outcome: 'done', letters: 1, leftOut: { replayed: 1, discarded: 1 }, gone: 1 },
    });
    expect(await shop.doTo('discard', [open])).toMatchObject({ outcome: 'nothing', letters: 0 });
  });

  it('needs the role, a reason, and to be told which', async () => {
    const at = await shop.die();
    const viewer = shop.doTo('discard', [at], { parts: shop.as('vera', 'viewer') });
    await expect(viewer).rejects.toMatchObject({ code: 'ESTEIRA_OPERATOR_REFUSED' });
    const deed = 'discard' as const;
    for (const [selection, why] of [
      [{ positions: [at] }, ' '],
      [{}, reason],
      [{ positions: [at], ...RECEIPT }, reason],
      [{ positions: [{ ...at, topic: 'shop.events' }] }, reason],
    ] as const)
      await expect(
        doToLetters(shop.parts, { deed, selection, reason: why, run: true }),
      ).rejects.toMatchObject({ code: 'ESTEIRA_USAGE' });
  });

  it('is not done without its audit', async () => {
    const at = await shop.die();
    shop.faults.failSends('shop.audit');
    await expect(shop.doTo('discard', [at])).rejects.toMatchObject({ code: 'ESTEIRA_AUDIT_UNAVAILABLE' });
    shop.faults.healSends('shop.audit');
    expect(await shop.stateOf(at)).toBe('open');
    expect(await shop.doTo('discard', [at])).toMatchObject({ outcome: 'done' });
  });

  it('waits for nobody: while a replay of the DLQ runs it is refused', async () => {
    const at = await shop.die();
    const lock = await takeReplayLock(shop.as('bea', 'operator'), 'a plan', [at.topic]);
    await expect(shop.doTo('discard', [at])).rejects.toMatchObject({
      ...{ code: 'ESTEIRA_REPLAY_REFUSED', facts: { holder: 'bea' } },
    });
    await lock.release();
    expect(await shop.stateOf(at)).toBe('open');
  });
});

describe('a replay', () => {
  it('leaves discarded letters out of its plan, and says how many', async () => {
    const at = await shop.die({ job: { id: 'a' } });
    await shop.die({ job: { id: 'b' } });
    await shop.doTo('discard', [at]);
    const { plan } = await planReplay(shop.parts, { ...RECEIPT, reason });
    expect(plan).toMatchObject({
      ...{ total: 1, refused: [{ why: 'it was discarded', count: 1, examples: [formatPosition(at)] }] },
    });
    const dry = await replayNow(shop.parts, { selection: RECEIPT, reason });
    expect(dry.items.map(({ outcome, detail }) => [outcome, detail])).toEqual([
      ['refused', 'it was discarded'],
      ['would_replay', null],
    ]);
  });

  it('does not run what was discarded after it was planned', async () => {
    const at = await shop.die({ job: { id: 'a' } });
    await shop.die({ job: { id: 'b' } });
    const { planId } = await planReplay(shop.parts, { ...RECEIPT, reason });
    await shop.doTo('discard', [at]);
    const { lines } = await reviewReplay(shop.parts, planId);
    expect(lines.map(({ verdict, count }) => [verdict, count]).toSorted()).toEqual([
      ['refused', 1],
      ['replay', 1],
    ]);
    expect(await runReplay(shop.parts, { planId, reason, options: QUICK })).toMatchObject({
      counts: { refused: 1, replayed: 1 },
    });
    expect(await shop.read(INBOX)).toHaveLength(1);
    expect(await shop.stateOf(at)).toBe('discarded');
  });
});

describe('a restore', () => {
  it('makes discarded letters open again, and a replay takes them', async () => {
    const at = await shop.die();
    await shop.doTo('discard', [at]);
    expect(await shop.doTo('restore', [at], { run: false })).toMatchObject({ outcome: 'would_be_done' });
    expect(await shop.doTo('restore', [at])).toMatchObject({ deed: 'restore', outcome: 'done', letters: 1 });
    expect(await shop.stateOf(at)).toBe('open');
    expect(await shop.historyOf(at)).toEqual(['discarded by ana', 'restored by ana']);
    const again = await replayNow(shop.parts, { selection: RECEIPT, reason, run: true });
    expect(again.items).toMatchObject([{ outcome: 'replayed' }]);
    expect(await shop.doTo('restore', [at])).toMatchObject({ outcome: 'nothing', leftOut: { replayed: 1 } });
  });

  it('may be discarded again: the last word counts', async () => {
    const at = await shop.die();
    for (const deed of ['discard', 'restore', 'discard'] as const) await shop.doTo(deed, [at]);
    expect(await shop.stateOf(at)).toBe('discarded');
  });
});

describe('a large discard', () => {
  const large = async () => {
    const positions = [];
    for (const id of ['a', 'b', 'c']) positions.push(await shop.die({ key: id, job: { id } }));
    const parts = { ...shop.parts, policy: { observeMs: 1, approveAbove: 2 } };
    const asked = await shop.doTo('discard', positions, { parts });
    return { positions, parts, asked, deedId: asked.deedId ?? '' };
  };
  const by = (name: string) => ({
    ...shop.parts,
    operator: { name, roles: ['operator', 'approver'] as const },
  });

  it('is only asked for, and done by a second person', async () => {
    const { asked, deedId, positions } = await large();
    expect(asked.outcome).toBe('asked');
    expect(new Set((await shop.states()).values())).toEqual(new Set(['open']));
    const states = ['open'] as const;
    expect((await letterStats(shop.parts, { states })).asked).toEqual([{ deedId, letters: 3, by: 'ana' }]);
    await expect(approveDeed(by('ana'), { deedId, reason, run: true })).rejects.toMatchObject({
      code: 'ESTEIRA_LETTER_REFUSED',
    });
    const operator = shop.as('bea', 'operator');
    await expect(approveDeed(operator, { deedId, reason, run: true })).rejects.toMatchObject({
      code: 'ESTEIRA_OPERATOR_REFUSED',
    });
    const bea = by('bea');
    const short = deedId.slice(0, 8);
    expect(await approveDeed(bea, { deedId: short, reason })).toMatchObject({ outcome: 'would_be_done' });
    expect(new Set((await shop.states()).values())).toEqual(new Set(['open']));
    expect(await approveDeed(bea, { deedId: short, reason, run: true })).toMatchObject({
      ...{ outcome: 'done', letters: 3, deedId },
    });
    expect(new Set((await shop.states()).values())).toEqual(new Set(['discarded']));
    const [first] = positions;
    expect(first && (await shop.historyOf(first))).toEqual(['discarded by bea']);
    expect((await letterStats(shop.parts, { states })).asked).toEqual([]);
    expect(new Set(await shop.actions())).toEqual(new Set(['dlq.discard.ask', 'dlq.discard']));
    await expect(approveDeed(bea, { deedId, reason, run: true })).rejects.toMatchObject({
      code: 'ESTEIRA_USAGE',
    });
  });

  // An address was redacted where it was signed, so it was never equal to the name of who signed, who could agree to himself.
  it.each(['ana@example.com', ' ana '])(
    'is not done by who asked for it, also where that is %j',
    async (name) => {
      const positions = [];
      for (const id of ['a', 'b', 'c']) positions.push(await shop.die({ key: id, job: { id } }));
      const parts = { ...by(name), policy: { observeMs: 1, approveAbove: 2 } };
      const { deedId } = await shop.doTo('discard', positions, { parts });
      await expect(approveDeed(parts, { deedId: deedId ?? '', reason, run: true })).rejects.toMatchObject({
        code: 'ESTEIRA_LETTER_REFUSED',
      });
      expect(new Set((await shop.audits()).map(({ actor }) => actor))).toEqual(new Set([name.trim()]));
      const bea = by('bea@example.com');
      expect(await approveDeed(bea, { deedId: deedId ?? '', reason, run: true })).toMatchObject({
        letters: 3,
      });
    },
  );

  it('leaves out what went back since it was asked for', async () => {
    const { deedId, positions } = await large();
    const [first] = positions;
    if (first === undefined) throw new Error('no letter');
    await replayNow(shop.parts, { selection: { positions: [first] }, reason, run: true });
    expect(await approveDeed(by('bea'), { deedId, reason, run: true })).toMatchObject({
      ...{ letters: 2, leftOut: { replayed: 1 } },
    });
    expect(await shop.stateOf(first)).toBe('replayed');
  });
});

it('counts dead letters by what became of them, and the open ones by everything else', async () => {
  const nowMs = Date.now();
  const first = await shop.die({ job: { id: 'a' }, atMs: nowMs - 60_000 });
  await shop.die({ job: { id: 'b', deadReason: 'undecodable' }, tenant: 'zeta', atMs: nowMs - 7_200_000 });
  await shop.die({
    on: 'shop.dlq.make-report',
    job: { id: 'c', type: 'make-report', replayCount: 3 },
    atMs: nowMs,
  });
  await shop.doTo('discard', [first]);
  const stats = await letterStats(shop.parts, { states: ['open', 'shelved'] });
  expect(stats).toMatchObject({
    ...{ letters: 2, read: 3, byState: { open: 1, discarded: 1, shelved: 1, replayed: 0 } },
    byReason: [
      { value: 'undecodable', count: 1 },
      { value: 'attempts_exhausted', count: 1 },
    ],
    byTenant: [
      { value: 'zeta', count: 1 },
      { value: 'acme', count: 1 },
    ],
    byAge: [
      { value: 'under 1 hour', count: 1 },
      { value: 'under 1 day', count: 1 },
    ],
    oldestAt: new Date(nowMs - 7_200_000).toISOString(),
  });
});
