import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  contextHeaders,
  type Envelope,
  type JobHeaders,
  parseEnvelope,
  withJobHeaders,
} from '../../../src/core/envelope.ts';
import type { HeaderEntry, RecordHeaders } from '../../../src/core/record.ts';

/** Text that says something: an empty header is read as absent. */
const text = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' });
const whole = fc.nat(999_999_999_999_999);

const jobHeaders: fc.Arbitrary<JobHeaders> = fc.record(
  {
    id: text,
    type: text,
    attempt: fc.integer({ min: 1, max: 1_000 }),
    starts: whole,
    hop: whole,
    replayCount: whole,
    dueMs: whole,
    target: text,
    orderKey: text,
    priority: fc.integer({ min: 1, max: 10 }),
    origin: text,
    firstFailedAtMs: whole,
    error: fc.record({ code: text, class: text, message: fc.string(), fingerprint: fc.string() }),
    deadReason: text,
    replayId: text,
    editOf: text,
  },
  { requiredKeys: ['id', 'type', 'attempt', 'starts', 'hop', 'replayCount'] },
);

const context: fc.Arbitrary<Envelope> = fc.record(
  {
    eventId: text,
    eventType: text,
    source: text,
    eventTimeMs: fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
    tenant: text,
    correlationId: text,
    causationId: text,
    userId: text,
    traceparent: text,
    contentType: text,
  },
  { requiredKeys: [] },
);

const bytes = fc.option(fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array)));
/** Names of others, some of which begin like Esteira's own. */
const foreignName = fc.oneof(
  fc.constantFrom('job-foo', 'job-id-2', 'jobid', 'x-trace', 'ce_custom', 'é'),
  fc.string({ minLength: 1 }).map((name) => `x-${name}`),
);
const foreign: fc.Arbitrary<RecordHeaders> = fc.array(fc.tuple(foreignName, bytes), { maxLength: 10 });

const job: JobHeaders = { id: 'j-1', type: 'send-receipt', attempt: 2, starts: 3, hop: 4, replayCount: 0 };
const namesOf = (headers: RecordHeaders): readonly string[] => headers.map(([name]) => name);
const header = (name: string, value: string): HeaderEntry => [name, Buffer.from(value)];

describe('the envelope of a record', () => {
  it('reads back as it was written', () => {
    fc.assert(
      fc.property(context, jobHeaders, (given, ofJob) => {
        const headers = withJobHeaders(contextHeaders(given), ofJob);
        expect(parseEnvelope(headers, true)).toEqual({ ...given, job: ofJob });
      }),
      { numRuns: 300 },
    );
  });

  it('has no job on a topic that others write', () => {
    const headers = withJobHeaders(contextHeaders({ eventId: 'e-1' }), job);
    expect(parseEnvelope(headers, false)).toEqual({ eventId: 'e-1' });
  });

  it('has no job where id or type of the job is missing', () => {
    const headers = withJobHeaders([], job);
    for (const missing of ['job-id', 'job-type']) {
      expect(
        parseEnvelope(
          headers.filter(([name]) => name !== missing),
          true,
        ).job,
      ).toBeUndefined();
    }
  });

  it('takes names in any case, and the first of repeated ones', () => {
    const headers = [header('CE_ID', 'first'), header('ce_id', 'second'), header('Ce_TenantId', 'acme')];
    expect(parseEnvelope(headers, false)).toEqual({ eventId: 'first', tenant: 'acme' });
  });

  it('reads numbers that are none as not there, and never lets attempts start below 1', () => {
    const headers = [
      ...withJobHeaders([], job).filter(([name]) => !/attempt|starts|hop/.test(name)),
      header('job-attempt', '0'),
      header('job-starts', '-3'),
      header('job-hop', '1e9'),
      header('job-due', 'soon'),
      header('job-priority', '9999999999999999'),
    ];
    expect(parseEnvelope(headers, true).job).toEqual({ ...job, attempt: 1, starts: 0, hop: 0 });
  });

  it('reads a time that is none, and an empty text, as not there', () => {
    expect(parseEnvelope([header('ce_time', 'yesterday'), header('ce_source', '')], false)).toEqual({});
    expect(parseEnvelope([['ce_id', null]], false)).toEqual({});
  });

  it('writes the CloudEvents headers under their names on the wire', () => {
    const headers = contextHeaders({
      eventId: 'e-1',
      eventType: 'shop.Paid',
      source: 'billing',
      eventTimeMs: 1_760_000_000_123,
      tenant: 'acme',
      correlationId: 'c-1',
      causationId: 'k-1',
      userId: 'u-1',
      traceparent: '00-a-b-01',
      contentType: 'application/avro',
    });
    expect(headers.map(([name, value]) => `${name}: ${value}`)).toEqual([
      'ce_specversion: 1.0',
      'ce_id: e-1',
      'ce_type: shop.Paid',
      'ce_source: billing',
      'ce_time: 2025-10-09T08:53:20.123Z',
      'ce_tenantid: acme',
      'ce_correlationid: c-1',
      'ce_causationid: k-1',
      'ce_userid: u-1',
      'traceparent: 00-a-b-01',
      'content-type: application/avro',
    ]);
  });
});

describe('the headers of the next copy', () => {
  it('hold foreign headers byte for byte, in order, repeated names included', () => {
    fc.assert(
      fc.property(foreign, jobHeaders, jobHeaders, (others, first, second) => {
        const hopped = withJobHeaders(withJobHeaders(others, first), second);
        expect(hopped.slice(0, others.length)).toEqual(others);
      }),
    );
  });

  it('do not depend on how many copies came before: own headers are replaced, never appended', () => {
    fc.assert(
      fc.property(foreign, jobHeaders, jobHeaders, (others, before, last) => {
        expect(withJobHeaders(withJobHeaders(others, before), last)).toEqual(withJobHeaders(others, last));
      }),
    );
  });

  it('keep a foreign header that merely begins with job-', () => {
    const headers = withJobHeaders([header('job-foo', 'theirs'), header('Job-Id', 'forged')], job);
    expect(headers[0]).toEqual(header('job-foo', 'theirs'));
    expect(namesOf(headers).filter((name) => name.toLowerCase() === 'job-id')).toEqual(['job-id']);
  });

  it('have each own name once, all of them of the wire contract', () => {
    const full: JobHeaders = {
      ...job,
      ...{ dueMs: 1, target: 't', orderKey: 'k', priority: 1, origin: 'o', firstFailedAtMs: 2 },
      error: { code: 'E', class: 'transient', message: 'm', fingerprint: 'f' },
      ...{ deadReason: 'unrecoverable', replayId: 'r', replayCount: 1 },
    };
    expect(namesOf(withJobHeaders([], full))).toEqual([
      ...['job-id', 'job-type', 'job-attempt', 'job-starts', 'job-hop', 'job-due', 'job-target'],
      ...['job-order-key', 'job-priority', 'job-origin', 'job-first-failed-at', 'job-error-code'],
      ...['job-error-class', 'job-error-message', 'job-error-fingerprint', 'job-dead-reason'],
      ...['job-replay-id', 'job-replay-count'],
    ]);
    // Every one of them is known as own, so that none is ever doubled.
    expect(withJobHeaders(withJobHeaders([], full), job)).toEqual(withJobHeaders([], job));
  });
});
