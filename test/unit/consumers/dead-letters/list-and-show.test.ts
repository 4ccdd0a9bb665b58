import { beforeEach, describe, expect, it } from 'vitest';
import { listDeadLetters, showDeadLetter } from '../../../../src/consumers/dead-letters/index.ts';
import type { RecordPosition } from '../../../../src/core/record.ts';
import { app, makeWorld, type World } from './world.ts';

const REPORTS = 'shop.dlq.make-report';
const asReport = { on: REPORTS, eventType: 'shop.job.make-report', job: { type: 'make-report' } };
let world: World;
beforeEach(async () => {
  world = await makeWorld();
  return () => world.broker.close();
});

const list = (request: Partial<Parameters<typeof listDeadLetters>[0]> = {}) =>
  listDeadLetters({ app, admin: world.broker.admin, ...request });
const show = (position: RecordPosition, raw = false) =>
  showDeadLetter({ app, admin: world.broker.admin, serde: world.serde, position, raw });

describe('the list of dead letters', () => {
  it('says why, whose, and where each died, newest first, over all job types', async () => {
    await world.die({ atMs: 1_000 });
    await world.die({ ...asReport, value: Buffer.from('{}'), atMs: 2_000 });
    const { letters, matched, read } = await list();
    expect([matched, read]).toEqual([2, 2]);
    expect(letters.map(({ jobType }) => jobType)).toEqual(['make-report', 'send-receipt']);
    expect(letters[1]).toEqual({
      position: expect.stringMatching(/^shop\.dlq\.send-receipt\/\d\/0$/),
      jobType: 'send-receipt',
      jobId: 'job-1',
      reason: 'attempts_exhausted',
      errorCode: 'ETIMEDOUT',
      errorClass: 'transient',
      errorMessage: 'no answer',
      errorFingerprint: 'f00d',
      tenant: 'acme',
      eventType: 'shop.Paid',
      eventId: 'event-1',
      correlationId: 'chain-1',
      attempts: 3,
      starts: 4,
      replays: 0,
      origin: 'shop.events/0/7',
      firstFailedAt: '1970-01-01T00:00:00.900Z',
      deadAt: '1970-01-01T00:00:01.000Z',
      sizeBytes: expect.any(Number),
    });
  });

  it('keeps the newest when there are more than the limit', async () => {
    for (let index = 0; index < 25; index += 1)
      await world.die({ key: `k${index}`, job: { id: `${index}` }, atMs: index });
    const { letters, matched } = await list({ limit: 3 });
    expect([letters.map(({ jobId }) => jobId), matched]).toEqual([['24', '23', '22'], 25]);
  });

  it('finds by every condition', async () => {
    await world.die({ job: { id: 'a' } });
    await world.die({
      job: { id: 'b', error: { code: 'E2', class: 'integrity', message: '', fingerprint: 'beef' } },
    });
    const ids = async (filter: object) => (await list({ filter })).letters.map(({ jobId }) => jobId);
    expect(await ids({ errorCode: 'E2' })).toEqual(['b']);
    expect(await ids({ fingerprint: 'f00d' })).toEqual(['a']);
    expect(await ids({ jobId: 'a' })).toEqual(['a']);
    expect(await ids({ eventId: 'none' })).toEqual([]);
  });

  it('shows no secret an error message holds', async () => {
    await world.die({
      job: { error: { code: 'E', class: 'transient', message: 'password=hunter2-S3cret!', fingerprint: '' } },
    });
    expect(JSON.stringify(await list())).not.toContain('hunter2');
  });

  it('names the topics that are missing', async () => {
    const grown = { ...app, name: 'elsewhere' };
    await expect(list({ app: grown })).rejects.toMatchObject({ code: 'ESTEIRA_TOPICS_DIFFER' });
  });
});

describe('one dead letter', () => {
  it('is shown with its payload decoded and redacted', async () => {
    const shown = await show(await world.die());
    expect(shown.payload).toMatchObject({ readable: true, as: 'shop.Paid', value: { paymentId: 'p-1' } });
    expect(JSON.stringify(shown)).not.toContain('hunter2!');
    expect(shown).toMatchObject({ key: 'acme', headers: { ce_type: 'shop.Paid', ce_id: 'event-1' } });
    expect(shown.raw).toBeUndefined();
  });

  it('is shown with the payload of a dispatch', async () => {
    const at = await world.die({ ...asReport, value: Buffer.from('{"month":"2026-10"}') });
    expect((await show(at)).payload).toEqual({ readable: true, as: 'JSON', value: { month: '2026-10' } });
  });

  it.each([
    ['TOMBSTONE', null],
    ['BAD_MAGIC_BYTE', Buffer.from('no frame')],
    ['SCHEMA_ID_UNKNOWN', Buffer.from([0, 0, 0, 9, 9, 1])],
  ])('whose bytes say nothing (%s) is shown with the reason', async (code, value) => {
    const shown = await show(await world.die({ value, job: { deadReason: 'undecodable' } }));
    expect(shown.payload).toMatchObject({ readable: false, code });
    expect(shown.reason).toBe('undecodable');
  });

  it('of a type nobody knows, or with broken JSON, is shown without payload', async () => {
    expect((await show(await world.die({ eventType: 'shop.Else' }))).payload).toMatchObject({
      code: 'TYPE_UNKNOWN',
    });
    const broken = await world.die({ ...asReport, value: Buffer.from('{"month":') });
    expect((await show(broken)).payload).toMatchObject({ code: 'BODY_MALFORMED' });
  });

  it('gives its bytes only on request', async () => {
    const at = await world.die({ value: Buffer.from('bytes') });
    expect((await show(at, true)).raw).toEqual({
      key: Buffer.from('acme').toString('base64'),
      value: Buffer.from('bytes').toString('base64'),
    });
  });

  it.each([
    [{ topic: 'shop.events', partition: 0, offset: 0n }, 'no DLQ topic'],
    [{ topic: 'shop.dlq.send-receipt', partition: 9, offset: 0n }, 'no such topic or partition'],
    [{ topic: 'shop.dlq.send-receipt', partition: 0, offset: 5n }, 'the partition holds'],
  ])('that is not there is said so: %o', async (position, why) => {
    await expect(show(position)).rejects.toThrow(why);
    await expect(show(position)).rejects.toMatchObject({ code: 'ESTEIRA_USAGE' });
  });
});
