import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AvroContract } from '../../../../src/core/contract.ts';
import { formatPosition } from '../../../../src/core/record.ts';
import { ExportLine, type ExportRequest, exportLetters } from '../../../../src/runtime/letters/index.ts';
import { createMemorySource } from '../../../../src/serde/memory-source.ts';
import { createSerde } from '../../../../src/serde/serde.ts';
import { ROOT } from '../../../support/source-files.ts';
import { Paid } from '../../consumers/dead-letters/world.ts';
import { type LetterShop, makeLetterShop } from './letter-shop.ts';

let shop: LetterShop;
beforeEach(async () => {
  shop = await makeLetterShop();
  return () => shop.broker.close();
});

const exported = async (request: ExportRequest = {}, parts = shop.parts) => {
  const lines: ExportLine[] = [];
  for await (const part of exportLetters(parts, request)) lines.push(...part.lines);
  return lines.map((line) => ExportLine.parse(JSON.parse(JSON.stringify(line))));
};

const asReport = {
  on: 'shop.dlq.make-report',
  eventType: 'shop.job.make-report',
  job: { type: 'make-report' },
};
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('an exported dead letter', () => {
  it('is a line with everything that is known of it', async () => {
    const value = Buffer.from('{"month":"2026-10"}');
    const at = await shop.die({ ...asReport, value, atMs: 5_000 });
    expect(await exported()).toEqual([
      {
        ...{ v: 1, position: formatPosition(at), topic: at.topic, partition: at.partition, offset: '0' },
        ...{ deadAt: '1970-01-01T00:00:05.000Z', state: 'open', jobType: 'make-report', jobId: 'job-1' },
        ...{
          tenant: 'acme',
          eventType: 'shop.job.make-report',
          eventId: 'event-1',
          correlationId: 'chain-1',
        },
        ...{ attempts: 3, starts: 4, replays: 0, origin: 'shop.events/0/7' },
        firstFailedAt: '1970-01-01T00:00:00.900Z',
        error: {
          ...{ reason: 'attempts_exhausted', code: 'ETIMEDOUT', class: 'transient', message: 'no answer' },
          fingerprint: 'f00d',
        },
        headers: expect.objectContaining({ ce_id: 'event-1', 'job-id': 'job-1', 'job-hop': '5' }),
        schema: { id: null, name: 'JSON' },
        ...{ payload: { month: '2026-10' }, undecodable: null, redacted: [] },
        raw: { key: base64('acme'), value: value.toString('base64') },
        rawLeftOut: null,
      },
    ]);
  });

  it('has neither a secret nor raw bytes that hold it', async () => {
    await shop.die();
    const [line] = await exported();
    expect(line).toMatchObject({
      ...{ schema: { id: expect.any(Number), name: 'shop.Paid' }, redacted: ['payload.password'] },
      payload: { paymentId: 'p-1', password: '[redacted:named-secret]' },
      ...{ raw: null, rawLeftOut: 'they hold what is redacted' },
    });
    expect(JSON.stringify(line)).not.toContain('hunter2');
    expect(JSON.stringify(line)).not.toContain(base64('hunter2').slice(0, 6));
  });

  it('has nothing that its schema marks as personal, and no raw bytes either', async () => {
    const value = Buffer.from('{"month":"2026-10","owner":"Ana Silva"}');
    await shop.die({ ...asReport, value });
    expect(await exported()).toMatchObject([
      { payload: { owner: '[redacted:personal]' }, redacted: ['payload.owner'], raw: null },
    ]);
  });

  it('hides addresses in headers and keys; raw bytes go with the key', async () => {
    await shop.die({ ...asReport, value: Buffer.from('{"month":"1"}'), key: 'ana@exemplo.com' });
    const [line] = await exported();
    expect(line).toMatchObject({ redacted: ['key'], raw: null });
    expect(JSON.stringify(line)).not.toContain('exemplo');
  });

  it('that cannot be decoded says why, and has its bytes', async () => {
    await shop.die({ value: Buffer.from('not avro') });
    await shop.die({ value: null, job: { id: 'b' } });
    await shop.die({ eventType: 'shop.Else', value: Buffer.from('{}'), job: { id: 'c' } });
    expect(await exported()).toMatchObject([
      { undecodable: { code: 'BAD_MAGIC_BYTE' }, payload: null, raw: { value: base64('not avro') } },
      { undecodable: { code: 'TOMBSTONE' }, raw: { value: null } },
      { undecodable: { code: 'TYPE_UNKNOWN' }, raw: { value: base64('{}') } },
    ]);
  });

  it('that cannot be decoded, and shows a secret in its bytes all the same, has none', async () => {
    await shop.die({ value: Buffer.from('password=hunter2-S3cret! and so on') });
    expect(await exported()).toMatchObject([
      { raw: null, rawLeftOut: 'they hold what looks like a secret or an address' },
    ]);
  });

  // A field that was taken away from the schema is dropped by the decoder, and still stands in the bytes.
  it('has no raw bytes where they hold more than this app reads', async () => {
    const Older: AvroContract<{
      readonly paymentId: string;
      readonly password: string;
      readonly phone: string;
    }> = {
      name: 'shop.Paid',
      schema: {
        ...{ type: 'record', name: 'Paid', namespace: 'shop' },
        fields: [
          { name: 'paymentId', type: 'string' },
          { name: 'password', type: 'string' },
          { name: 'phone', type: 'string', default: '' },
        ],
      },
    };
    const contracts = createMemorySource([Older, Paid]);
    const serde = createSerde({ source: contracts });
    const value = await serde.encode(Older, { paymentId: 'p', password: '', phone: '+55 11 99999' });
    await shop.die({ value });
    const parts = { ...shop.parts, backend: { ...shop.parts.backend, serde } };
    expect(await exported({}, parts)).toMatchObject([
      {
        payload: { paymentId: 'p', password: '' },
        redacted: [],
        raw: null,
        rawLeftOut: expect.stringContaining('more than'),
      },
    ]);
  });
});

describe('an export', () => {
  it('can be of a job type, of conditions, of what became of letters', async () => {
    await shop.die({ job: { id: 'a' } });
    const discarded = await shop.die({ job: { id: 'b' }, tenant: 'zeta' });
    await shop.doTo('discard', [discarded]);
    const ids = async (request: ExportRequest) => (await exported(request)).map(({ jobId }) => jobId);
    expect(await ids({ jobType: 'make-report' })).toEqual([]);
    expect(await ids({ filter: { tenant: 'zeta' } })).toEqual(['b']);
    expect(await ids({ states: ['open'] })).toEqual(['a']);
    expect(await ids({ states: ['discarded'] })).toEqual(['b']);
  });

  it('comes in parts, each letter once, none that is written meanwhile', async () => {
    for (let index = 0; index < 1_203; index += 1)
      await shop.die({ key: `k${index}`, value: Buffer.from('x'), job: { id: `job-${index}` } });
    const sizes: number[] = [];
    const seen = new Set<string | null>();
    for await (const { lines } of exportLetters(shop.parts, {})) {
      sizes.push(lines.length);
      for (const { jobId } of lines) seen.add(jobId);
      if (sizes.length === 1) await shop.die({ job: { id: 'late' } });
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
    expect([sizes.reduce((sum, size) => sum + size, 0), seen.size, seen.has('late')]).toEqual([
      1_203,
      1_203,
      false,
    ]);
  });

  it('shows everything to an approver with a reason, and is audited before its first line', async () => {
    await shop.die();
    const bea = shop.as('bea', 'approver');
    const request = { unredactedBecause: 'access request 17', jobType: 'send-receipt' };
    await expect(exported(request, shop.as('ana', 'operator'))).rejects.toMatchObject({
      code: 'ESTEIRA_OPERATOR_REFUSED',
    });
    await expect(exported({ unredactedBecause: '' }, bea)).rejects.toMatchObject({ code: 'ESTEIRA_USAGE' });
    shop.faults.failSends('shop.audit');
    await expect(exported(request, bea)).rejects.toMatchObject({ code: 'ESTEIRA_AUDIT_UNAVAILABLE' });
    shop.faults.healSends('shop.audit');
    expect(await exported(request, bea)).toMatchObject([
      { payload: { password: 'hunter2!' }, redacted: [], raw: { key: base64('acme') } },
    ]);
    expect(await shop.audits()).toMatchObject([
      { action: 'dlq.export', actor: 'bea', reason: 'access request 17', subject: 'job type send-receipt' },
    ]);
  });

  it('that hides asks nobody, and is in no audit', async () => {
    await shop.die();
    expect(await exported({}, shop.as(''))).toHaveLength(1);
    expect(await shop.audits()).toEqual([]);
  });
});

it('is described by the JSON schema of the reference', () => {
  const file = readFileSync(join(ROOT, 'docs/reference/dlq-export.schema.json'), 'utf8');
  expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(z.toJSONSchema(ExportLine))));
});
