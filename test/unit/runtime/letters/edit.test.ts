import { beforeEach, describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../../../src/core/envelope.ts';
import { formatPosition, parsePosition, type RecordPosition } from '../../../../src/core/record.ts';
import { type EditRequest, editLetter, type PayloadChange } from '../../../../src/runtime/letters/index.ts';
import { planReplay, replayNow, runReplay } from '../../../../src/runtime/replay/index.ts';
import { takeReplayLock } from '../../../../src/runtime/replay/replay-lock.ts';
import { Paid } from '../../consumers/dead-letters/world.ts';
import { INBOX, type LetterShop, makeLetterShop, RECEIPTS, reason } from './letter-shop.ts';

const REPORTS = 'shop.dlq.make-report';
const asReport = { on: REPORTS, eventType: 'shop.job.make-report', job: { id: 'r-1', type: 'make-report' } };

let shop: LetterShop;
beforeEach(async () => {
  shop = await makeLetterShop();
  return () => shop.broker.close();
});

const sets = (path: string, value: string): PayloadChange => ({ sets: [{ path, value }] });
const edit = (position: RecordPosition, change: PayloadChange, request: Partial<EditRequest> = {}) =>
  editLetter(shop.parts, { position, change, reason, run: true, ...request });
const refusedWith = (code: string, words: string) => ({ code, message: expect.stringContaining(words) });

describe('an edit', () => {
  it('is a dry run unless told otherwise: it shows what would change, and against what it was checked', async () => {
    const at = await shop.die();
    expect(await edit(at, sets('paymentId', 'p-2'), { run: false })).toMatchObject({
      ...{
        position: formatPosition(at),
        jobId: 'job-1',
        jobType: 'send-receipt',
        edited: null,
        replay: null,
      },
      differences: [{ path: 'paymentId', before: '"p-1"', after: '"p-2"' }],
      checkedAgainst: expect.stringMatching(
        /^shop\.Paid as this app has it \(schema \d\), since that is what workers/,
      ),
      ...{ idempotencyKey: 'same', orderingKey: 'none' },
    });
    expect(await shop.stateOf(at)).toBe('open');
    expect([await shop.read(RECEIPTS), await shop.audits()]).toMatchObject([{ length: 1 }, { length: 0 }]);
  });

  it('replays another payload as the same job of the same event, and keeps the letter as it was', async () => {
    const at = await shop.die({ job: { replayCount: 3 } });
    const result = await edit(at, sets('paymentId', 'p-2'));
    expect(result.replay).toMatchObject({ outcome: 'replayed', inbox: expect.stringContaining(INBOX) });
    const letters = await shop.read(RECEIPTS);
    expect(letters.map((letter) => formatPosition(letter))).toEqual([formatPosition(at), result.edited]);
    const values = await Promise.all(letters.map(({ value }) => shop.serde.decode(Paid, value)));
    expect(values.map((one) => one.ok && one.value.paymentId)).toEqual(['p-1', 'p-2']);
    const [copy, another] = await shop.read(INBOX);
    expect(another).toBeUndefined();
    expect(copy?.value).toEqual(letters[1]?.value);
    expect(copy && parseEnvelope(copy.headers, true)).toMatchObject({
      ...{ eventId: 'event-1', source: 'billing', tenant: 'acme', correlationId: 'chain-1' },
      job: {
        ...{ id: 'job-1', attempt: 1, starts: 0, replayCount: 1, origin: 'shop.events/0/7' },
        ...{ editOf: formatPosition(at), replayOf: result.edited, replayId: result.replay?.planId },
      },
    });
    const edited = parsePosition(result.edited ?? '');
    expect(await shop.stateOf(at)).toBe('edited');
    expect(edited && (await shop.stateOf(edited))).toBe('replayed');
    expect(await shop.historyOf(at)).toEqual(['edited by ana']);
    expect(edited && (await shop.historyOf(edited))).toEqual(['made by an edit by ana', 'replayed by ana']);
  });

  it('is audited first, with what changes; secrets are told to differ, and not shown', async () => {
    const at = await shop.die();
    await edit(at, { payload: { paymentId: 'p-2', password: 'another-S3cret!' } });
    const [audit] = await shop.audits();
    expect(audit).toMatchObject({
      ...{ action: 'dlq.edit', actor: 'ana', reason, subject: formatPosition(at), tenantId: 'acme' },
      details: { jobId: 'job-1', differencesInAll: '2', idempotencyKey: 'same' },
    });
    expect(JSON.parse(audit?.details['differences'] ?? '')).toEqual([
      { path: 'paymentId', before: '"p-1"', after: '"p-2"' },
      { path: 'password', before: '"[redacted:named-secret]"', after: '"[redacted:named-secret]"' },
    ]);
    expect(JSON.stringify(await shop.audits())).not.toMatch(/hunter2|another-S3cret/);
    expect(await shop.actions()).toEqual([
      ...['dlq.edit', 'replay.plan', 'replay.run', 'dlq.replay', 'replay.finish'],
    ]);
  });

  it('changes nothing without its audit', async () => {
    const at = await shop.die();
    shop.faults.failSends('shop.audit');
    await expect(edit(at, sets('paymentId', 'p-2'))).rejects.toMatchObject({
      code: 'ESTEIRA_AUDIT_UNAVAILABLE',
    });
    expect(await shop.read(RECEIPTS)).toHaveLength(1);
    expect(await shop.read(INBOX)).toEqual([]);
    shop.faults.healSends('shop.audit');
    expect((await edit(at, sets('paymentId', 'p-2'))).replay?.outcome).toBe('replayed');
  });

  it('mends what could not be read, with a whole payload', async () => {
    const at = await shop.die({ value: Buffer.from('poison'), job: { deadReason: 'undecodable' } });
    await expect(edit(at, sets('paymentId', 'p'))).rejects.toMatchObject(
      refusedWith('ESTEIRA_USAGE', 'give the whole with --payload'),
    );
    const { differences, replay } = await edit(at, { payload: { paymentId: 'p-9', password: 'vault:kv/x' } });
    expect(differences[0]).toEqual({ path: 'paymentId', before: null, after: '"p-9"' });
    expect(replay?.outcome).toBe('replayed');
  });

  it('of a dispatch is JSON, and hides what its schema marks as personal', async () => {
    const value = Buffer.from('{"month":"2026-10","owner":"Ana"}');
    const at = await shop.die({ ...asReport, value });
    const result = await edit(at, { payload: { month: '2026-11', owner: 'Bea' } });
    expect(result.differences).toEqual([
      { path: 'month', before: '"2026-10"', after: '"2026-11"' },
      { path: 'owner', before: '"[redacted:personal]"', after: '"[redacted:personal]"' },
    ]);
    const [copy] = await shop.read('shop.job.make-report');
    expect(copy?.value?.toString()).toBe('{"month":"2026-11","owner":"Bea"}');
  });
});

describe('an edit is refused', () => {
  it.each([
    [
      'a field the schema does not have',
      { payload: { paymentId: 'p', password: 'vault:x', amuont: 1 } },
      'shop.Paid has no amuont: it has paymentId, password',
    ],
    ['a field of another type', { payload: { paymentId: 5, password: 'vault:x' } }, 'paymentId (must be'],
    ['a field that is missing', { payload: { paymentId: 'p' } }, 'password'],
  ])('for %s', async (_, change, words) => {
    const at = await shop.die();
    await expect(edit(at, change, { run: false })).rejects.toMatchObject(
      refusedWith('ESTEIRA_PAYLOAD_INVALID', words),
    );
  });

  it('for what the check of its payload does not take', async () => {
    const at = await shop.die({ ...asReport, value: Buffer.from('{"month":"2026-10"}') });
    await expect(edit(at, sets('month', 'null'))).rejects.toMatchObject(
      refusedWith('ESTEIRA_PAYLOAD_INVALID', 'its check says month: invalid_type'),
    );
  });

  it('for a secret that was not there before', async () => {
    const at = await shop.die({ ...asReport, value: Buffer.from('{"month":"2026-10"}') });
    await expect(edit(at, sets('apiKey', 'sk_live_abcdefgh12345678'))).rejects.toMatchObject({
      code: 'ESTEIRA_PAYLOAD_HOLDS_SECRET',
    });
  });

  it.each([
    ['nothing would change', 'paymentId', 'p-1', {}],
    ['it has no job-id', 'paymentId', 'p-2', { headers: [] }],
  ])('when %s', async (words, path, value, died) => {
    const at = await shop.die(died);
    await expect(edit(at, sets(path, value))).rejects.toMatchObject(
      refusedWith('ESTEIRA_LETTER_REFUSED', words),
    );
  });

  it('when it is not the last word on its job: discarded, replayed, edited, or died again later', async () => {
    const change = sets('paymentId', 'p-2');
    const discarded = await shop.die({ job: { id: 'a' } });
    await shop.doTo('discard', [discarded]);
    const replayed = await shop.die({ key: 'b', job: { id: 'b' } });
    await replayNow(shop.parts, { selection: { positions: [replayed] }, reason, run: true });
    const edited = await shop.die({ key: 'c', job: { id: 'c' } });
    const { edited: after } = await edit(edited, change);
    const earlier = await shop.die({ key: 'd', job: { id: 'd', hop: 2 } });
    const later = await shop.die({ key: 'd', job: { id: 'd', hop: 4 } });
    for (const [at, words] of [
      [discarded, 'it was discarded'],
      [replayed, 'it was replayed'],
      [edited, `${after} stands in its place`],
      [earlier, `died again later, at ${formatPosition(later)}`],
    ] as const) {
      const other = sets('paymentId', 'p-3');
      for (const run of [false, true])
        await expect(edit(at, other, { run })).rejects.toMatchObject(
          refusedWith('ESTEIRA_LETTER_REFUSED', words),
        );
    }
  });

  it('to who may not, without a reason, and while a replay of the DLQ runs', async () => {
    const at = await shop.die();
    const change = sets('paymentId', 'p-2');
    const viewer = editLetter(shop.as('vera', 'viewer'), { position: at, change, reason });
    await expect(viewer).rejects.toMatchObject({ code: 'ESTEIRA_OPERATOR_REFUSED' });
    await expect(edit(at, change, { reason: '' })).rejects.toMatchObject({ code: 'ESTEIRA_USAGE' });
    const lock = await takeReplayLock(shop.as('bea', 'operator'), 'a plan', [at.topic]);
    await expect(edit(at, change)).rejects.toMatchObject({ code: 'ESTEIRA_REPLAY_REFUSED' });
    await lock.release();
  });

  it('when a job with its idempotency key is done', async () => {
    const at = await shop.die();
    const claim = { jobType: 'send-receipt', tenant: 'acme', idempotencyKey: 'job-1' };
    const job = { ...claim, jobId: 'job-1', origin: 'shop.events/0/7', hop: 5, position: 'x/0/0' };
    const [answer] = await shop.state.claim([
      { ...job, attempt: 1, starts: 0, maxAttempts: 3, maxStarts: 8, leaseMs: 30_000, run: 'r' },
    ]);
    if (answer?.kind !== 'run') throw new Error('it could not be claimed');
    await shop.state.complete([{ ...job, fence: answer.fence, event: Buffer.from('e'), doneTtlMs: 60_000 }]);
    await expect(edit(at, sets('paymentId', 'p-2'))).rejects.toMatchObject(
      refusedWith('ESTEIRA_LETTER_REFUSED', 'is done already'),
    );
  });
});

describe('after an edit', () => {
  it('a plan takes the edited letter, and a plan of before leaves the original', async () => {
    const at = await shop.die();
    const early = await planReplay(shop.parts, { jobType: 'send-receipt', reason });
    const { edited } = await edit(at, sets('paymentId', 'p-2'));
    expect(
      await runReplay(shop.parts, { planId: early.planId, reason, options: { rate: 0, canary: 0 } }),
    ).toMatchObject({
      counts: { refused: 1, replayed: 0 },
    });
    const late = await planReplay(shop.parts, { jobType: 'send-receipt', reason });
    expect(late.plan).toMatchObject({
      total: 1,
      refused: [{ why: expect.stringContaining('it was edited') }],
    });
    expect(late.chunks).toMatchObject([{ count: 1, offsets: edited?.split('/').at(-1) }]);
    expect(await shop.read(INBOX)).toHaveLength(1);
  });

  it('the letter that its job may become can be edited again', async () => {
    const at = await shop.die();
    const { edited } = await edit(at, sets('paymentId', 'p-2'));
    const [copy] = await shop.read(INBOX);
    const headers = copy && parseEnvelope(copy.headers, true).job;
    if (headers === undefined) throw new Error('no copy');
    const again = await shop.die({ job: { ...headers, hop: headers.hop + 1, deadReason: 'unrecoverable' } });
    const second = await edit(again, sets('paymentId', 'p-3'));
    expect(second.replay?.outcome).toBe('replayed');
    expect(await shop.stateOf(again)).toBe('edited');
    expect([edited, second.edited].every((one) => one !== null)).toBe(true);
  });
});
