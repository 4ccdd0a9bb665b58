import { beforeEach, describe, expect, it } from 'vitest';

import { parseEnvelope } from '../../../../src/core/envelope.ts';
import { EsteiraError } from '../../../../src/core/errors.ts';
import { formatPosition } from '../../../../src/core/record.ts';
import { startSpan } from '../../../../src/core/start-span.ts';
import { formatTraceparent } from '../../../../src/core/traceparent.ts';
import { type ReplayNowRequest, replayNow, runReplay } from '../../../../src/runtime/replay/index.ts';
import { makeWorld, type World } from '../../consumers/dead-letters/world.ts';

const INBOX = 'shop.job.send-receipt';
let world: World;
beforeEach(async () => {
  world = await makeWorld();
  return () => world.broker.close();
});

const replay = (request: Partial<ReplayNowRequest> = {}) =>
  replayNow(world.parts, {
    selection: { jobType: 'send-receipt' },
    reason: 'provider is back',
    ...request,
  });

const letterAudits = async () => (await world.audits()).filter(({ action }) => action === 'dlq.replay');

const jobOf = (headers: Parameters<typeof parseEnvelope>[0]) => parseEnvelope(headers, true).job;

describe('a dry run', () => {
  it('is what happens unless told otherwise, and writes nothing', async () => {
    await world.die();
    const result = await replay();
    expect(result).toMatchObject({
      replayId: null,
      matched: 1,
      items: [{ outcome: 'would_replay', jobId: 'job-1' }],
    });
    expect(await world.read(INBOX)).toEqual([]);
    expect(await world.audits()).toEqual([]);
    expect(world.told).toEqual([]);
  });
});

describe('a replay', () => {
  it('writes the same bytes to the inbox, with fresh attempts under the same job', async () => {
    const foreign = [
      ['ce_id', Buffer.from('event-1')],
      ['ce_tenantid', Buffer.from('acme')],
      ['x-bytes', Buffer.from([0, 255, 128])],
      ['x-null', null],
    ] as const;
    const own = [
      ['job-id', 'job-9'],
      ['job-type', 'send-receipt'],
      ['job-attempt', '3'],
      ['job-starts', '4'],
      ['job-hop', '5'],
      ['job-origin', 'shop.events/0/7'],
      ['job-order-key', 'order-3'],
      ['job-due', '99'],
      ['job-error-code', 'ETIMEDOUT'],
      ['job-first-failed-at', '900'],
      ['job-dead-reason', 'attempts_exhausted'],
      ['job-replay-count', '1'],
    ].map(([name = '', value = '']) => [name, Buffer.from(value)] as const);
    const value = Buffer.from([9, 9, 9]);
    const at = await world.die({ headers: [...foreign, ...own], value, key: 'the key' });
    const { replayId, items } = await replay({ run: true });
    const [copy] = await world.read(INBOX);
    expect(items).toMatchObject([{ outcome: 'replayed', inbox: copy && formatPosition(copy) }]);
    expect(copy?.key?.toString()).toBe('the key');
    expect(copy?.value).toEqual(value);
    expect(copy?.headers.slice(0, 4)).toEqual(foreign);
    expect(copy && jobOf(copy.headers)).toEqual({
      id: 'job-9',
      type: 'send-receipt',
      attempt: 1,
      starts: 0,
      hop: 6,
      origin: 'shop.events/0/7',
      orderKey: 'order-3',
      replayId,
      replayOf: formatPosition(at),
      replayCount: 2,
      diedIn: formatTraceparent(startSpan({ jobId: 'job-9', starts: 4 })),
    });
  });

  it('is audited and told, record by record', async () => {
    const at = await world.die();
    const { replayId } = await replay({ run: true });
    expect((await world.audits()).map(({ action }) => action)).toEqual([
      ...['replay.plan', 'replay.run', 'dlq.replay', 'replay.finish'],
    ]);
    expect(await letterAudits()).toMatchObject([
      {
        action: 'dlq.replay',
        actor: 'ana',
        reason: 'provider is back',
        subject: formatPosition(at),
        tenantId: 'acme',
        correlationId: 'chain-1',
        details: { replayId, jobId: 'job-1', deadReason: 'attempts_exhausted' },
      },
    ]);
    expect(world.told).toMatchObject([
      { type: 'job.replayed', jobId: 'job-1', hop: 6, tenantId: 'acme', replayId },
    ]);
  });

  it('counts a dead letter whose tenant nobody knew under unknown', async () => {
    await world.die({ tenant: 'made-up', job: { deadReason: 'tenant_unresolved' } });
    await replay({ run: true });
    expect((await letterAudits())[0]?.tenantId).toBe('unknown');
    expect(world.told[0]?.tenantId).toBe('unknown');
  });

  it('hides secrets in the reason', async () => {
    await world.die();
    await replay({ run: true, reason: 'password=hunter2-S3cret! was wrong' });
    expect(JSON.stringify(await world.audits())).not.toContain('hunter2');
  });
});

describe('what is selected', () => {
  it('can be a position, a reason, a tenant, a time', async () => {
    const first = await world.die({ job: { id: 'a' }, atMs: 1_000 });
    await world.die({ job: { id: 'b', deadReason: 'undecodable' }, tenant: 'zeta', atMs: 2_000 });
    const ids = async (selection: ReplayNowRequest['selection']) =>
      (await replay({ selection })).items.map(({ jobId }) => jobId);
    expect(await ids({ positions: [first] })).toEqual(['a']);
    expect(await ids({ filter: { reason: 'undecodable' } })).toEqual(['b']);
    expect(await ids({ filter: { tenant: 'acme' } })).toEqual(['a']);
    expect(await ids({ filter: { sinceMs: 1_500 } })).toEqual(['b']);
    expect(await ids({ filter: { untilMs: 1_500 } })).toEqual(['a']);
  });

  it('is cut at the limit, oldest first, and says how many it meant', async () => {
    await world.die({ job: { id: 'young' }, atMs: 2_000 });
    await world.die({ job: { id: 'old' }, atMs: 1_000 });
    const result = await replay({ selection: { jobType: 'send-receipt', limit: 1 } });
    expect(result.matched).toBe(2);
    expect(result.items.map(({ jobId }) => jobId)).toEqual(['old']);
  });

  it('must be said', async () => {
    await expect(replay({ selection: {} })).rejects.toMatchObject({ code: 'ESTEIRA_USAGE' });
    await expect(replay({ selection: { jobType: 'nope' } })).rejects.toMatchObject({
      code: 'ESTEIRA_JOB_TYPE_UNKNOWN',
    });
  });
});

describe('a replay refuses', () => {
  it.each([
    ['to go without a reason', { reason: '' }, 'ESTEIRA_USAGE'],
    ['more than a hundred', { selection: { jobType: 'send-receipt', limit: 101 } }, 'ESTEIRA_REPLAY_REFUSED'],
  ])('%s', async (_, request, code) => {
    await world.die();
    await expect(replay({ run: true, ...request })).rejects.toMatchObject({ code });
    expect(await world.read(INBOX)).toEqual([]);
  });

  it("a job of another type, and lets the others go: records go only to their own type's inbox", async () => {
    await world.die({ job: { id: 'stray', type: 'make-report' } });
    await world.die({ job: { id: 'nobody', type: 'never-heard-of' } });
    await world.die({ job: { id: 'good' } });
    const { items } = await replay({ run: true });
    expect(new Map(items.map(({ jobId, outcome }) => [jobId, outcome]))).toEqual(
      new Map([
        ['stray', 'refused'],
        ['nobody', 'refused'],
        ['good', 'replayed'],
      ]),
    );
    expect((await world.read(INBOX)).map(({ headers }) => jobOf(headers)?.id)).toEqual(['good']);
    expect(await world.read('shop.job.make-report')).toEqual([]);
    expect(await letterAudits()).toHaveLength(1);
  });

  it('a record without job headers', async () => {
    await world.die({ headers: [] });
    expect((await replay({ run: true })).items).toMatchObject([{ outcome: 'refused', jobId: null }]);
  });

  it('positions that are no dead letters of this app', async () => {
    const { items } = await replay({
      run: true,
      selection: {
        positions: [
          { topic: 'shop.events', partition: 0, offset: 0n },
          { topic: 'other.dlq.send-receipt', partition: 0, offset: 0n },
          { topic: 'shop.dlq.send-receipt', partition: 0, offset: 99n },
        ],
      },
    });
    expect(items.map(({ outcome }) => outcome)).toEqual(['refused', 'refused', 'refused']);
  });

  it('all but the last dead letter of a job', async () => {
    await world.die({ job: { hop: 5 } });
    const later = await world.die({ job: { hop: 9, replayCount: 1 } });
    const { items } = await replay({ run: true });
    expect(items.map(({ outcome }) => outcome)).toEqual(['refused', 'replayed']);
    expect(items[0]?.detail).toContain(formatPosition(later));
    expect(await world.read(INBOX)).toHaveLength(1);
  });
});

describe('a replay that cannot write', () => {
  it('the audit replays nothing', async () => {
    await world.die();
    world.faults.failSends('shop.audit');
    await expect(replay({ run: true })).rejects.toMatchObject({ code: 'ESTEIRA_AUDIT_UNAVAILABLE' });
    expect(await world.read(INBOX)).toEqual([]);
    expect(await world.read('shop.control')).toEqual([]);
    expect(world.told).toEqual([]);
  });

  it('a record stops, and is resumed when it can', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => world.die({ job: { id: `job-${index}` } })));
    world.faults.failSends(INBOX);
    const error: unknown = await replay({ run: true }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ESTEIRA_REPLAY_INTERRUPTED' });
    expect(world.told).toEqual([]);
    world.faults.healSends(INBOX);
    const planId = error instanceof EsteiraError ? String(error.facts['planId']) : '';
    await runReplay(world.parts, { planId, reason: 'it can be written', resume: true });
    expect(await world.read(INBOX)).toHaveLength(20);
  });
});
