import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { jobIdOf } from '../../../src/core/ids.ts';
import { type DispatchOptions, defineJob } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { only } from '../../support/only.ts';
import { invoicePaid, onInvoice, openBench, textHeaders } from '../consumers/bench.ts';

const base = { kind: 'system', order: 'none', run: () => undefined } as const;
const report = defineJob({ ...base, type: 'monthly-report', payload: z.object({ month: z.string() }) });
const byUnit = defineJob({
  ...{ ...base, type: 'by-unit', order: ({ unit }: { unit: string }) => unit },
  payload: z.object({ unit: z.string() }),
});
const avro = defineJob({ ...base, type: 'book', payload: { avro: invoicePaid.contract, check: 'none' } });
const mute = defineJob({ ...base, type: 'mute' });
const jobs = [report, byUnit, avro, mute, onInvoice()];

const dispatcher = async () => {
  const bench = openBench(jobs);
  return { ...bench, esteira: await bench.run({ roles: [] }) };
};

const unchecked = (options: unknown): DispatchOptions => options as DispatchOptions;

describe('a dispatched job', () => {
  it('is on its inbox with the headers of a first copy, and told', async () => {
    const { esteira, read, told } = await dispatcher();
    const job = await esteira.dispatch(
      report,
      { month: '2026-10' },
      { tenant: 'acme', id: 'd-1', priority: 4 },
    );
    const record = only(await read('bench.job.monthly-report'));
    expect([record.key, record.value].map(String)).toEqual(['acme', '{"month":"2026-10"}']);
    expect(textHeaders(record.headers)).toEqual({
      ...{ ce_specversion: '1.0', ce_id: 'd-1', ce_type: 'bench.job.monthly-report', ce_source: 'bench' },
      ...{ ce_time: expect.any(String), ce_tenantid: 'acme', ce_correlationid: 'd-1' },
      ...{ traceparent: expect.any(String), 'content-type': 'application/json' },
      ...{ 'job-id': job.id, 'job-type': 'monthly-report', 'job-attempt': '1' },
      ...{ 'job-starts': '0', 'job-hop': '0', 'job-priority': '4' },
    });
    expect(job).toEqual({
      ...{ id: jobIdOf('bench', 'monthly-report', 'bench', 'd-1'), type: 'monthly-report' },
      correlationId: 'd-1',
    });
    expect(told).toMatchObject([
      { type: 'job.dispatched', jobId: job.id, tenantId: 'acme', origin: 'bench.job.monthly-report/0/0' },
    ]);
    expect(await read('bench.telemetry.jobs')).toHaveLength(1);
  });

  it('with a delay waits on the largest tier that does not overshoot it, for its inbox', async () => {
    const { esteira, read } = await dispatcher();
    const job = await esteira.dispatch(report, { month: '2026-10' }, { tenant: 'acme', delay: '70ms' });
    const headers = textHeaders(only(await read('bench.retry.50ms')).headers);
    expect(headers).toMatchObject({ 'job-target': 'bench.job.monthly-report', 'job-due': `${job.dueMs}` });
    expect(await read('bench.job.monthly-report')).toEqual([]);
  });

  it('of a first priority is in the high lane, or on a tier for it', async () => {
    const { esteira, read } = await dispatcher();
    await esteira.dispatch(report, { month: '2026-10' }, { tenant: 'acme', priority: 1 });
    await esteira.dispatch(report, { month: '2026-10' }, { tenant: 'acme', priority: 3, delay: '70ms' });
    expect(await read('bench.job.monthly-report.high')).toHaveLength(1);
    const delayed = textHeaders(only(await read('bench.retry.50ms')).headers);
    expect(delayed['job-target']).toBe('bench.job.monthly-report.high');
    await esteira.dispatch(byUnit, { unit: '4B' }, { tenant: 'acme', priority: 1 });
    expect(await read('bench.job.by-unit')).toHaveLength(1);
  });

  it('of a finer order carries its ordering key, while the record key stays the tenant', async () => {
    const { esteira, read } = await dispatcher();
    await esteira.dispatch(byUnit, { unit: '4B' }, { tenant: 'acme' });
    const record = only(await read('bench.job.by-unit'));
    expect([record.key?.toString(), textHeaders(record.headers)['job-order-key']]).toEqual(['acme', '4B']);
  });

  it('travels as the event it listens to, or as its Avro contract', async () => {
    const { esteira, read } = await dispatcher();
    await esteira.dispatch(onInvoice(), invoice('p1'), { tenant: 'acme' });
    await esteira.dispatch(avro, invoice('p1'), { tenant: 'acme' });
    const types = [];
    for (const topic of ['bench.job.settle', 'bench.job.book']) {
      const headers = textHeaders(only(await read(topic)).headers);
      types.push([headers['ce_type'], headers['content-type']]);
    }
    expect(types).toEqual([
      ['condominium.events.InvoicePaid', 'application/avro'],
      ['bench.job.book', 'application/avro'],
    ]);
  });

  it('asked for twice with one id runs once', async () => {
    const bench = openBench(jobs);
    const esteira = await bench.run();
    for (const _ of ['once', 'again']) {
      await esteira.dispatch(report, { month: '2026-10' }, { tenant: 'acme', id: 'd-1' });
    }
    await esteira.idle();
    expect(bench.types('job.completed')).toHaveLength(1);
    expect(bench.types('job.skipped')).toHaveLength(1);
  });
});

describe('a dispatch that cannot be', () => {
  const ok = { month: '2026-10' };
  const tenant = 'acme';
  const stranger = defineJob({ ...base, type: 'stranger', payload: z.object({ month: z.string() }) });
  const password = { month: '2026-10', password: 'hunter2hunter2' };

  it.each([
    [
      'of a type the app has not',
      stranger,
      ok,
      { tenant },
      'ESTEIRA_JOB_TYPE_UNKNOWN',
      /stranger .* defineApp/,
    ],
    [
      'of a type that says no payload',
      mute,
      ok,
      { tenant },
      'ESTEIRA_DEFINITION_INVALID',
      /mute .* no payload contract/,
    ],
    ['without a tenant', report, ok, {}, 'ESTEIRA_TENANT_MISSING', /job monthly-report has no tenant/],
    [
      'of a payload that breaks its check',
      report,
      { month: 4711 },
      { tenant },
      'ESTEIRA_PAYLOAD_INVALID',
      /month: invalid_type/,
    ],
    ['of no payload', report, undefined, { tenant }, 'ESTEIRA_PAYLOAD_INVALID', /cannot be written as JSON/],
    [
      'of a payload with a secret',
      report,
      password,
      { tenant },
      'ESTEIRA_PAYLOAD_HOLDS_SECRET',
      /password \(/,
    ],
    [
      'with priority 0',
      report,
      ok,
      { tenant, priority: 0 },
      'ESTEIRA_DEFINITION_INVALID',
      /monthly-report: priority is 0/,
    ],
    [
      'with a delay in words',
      report,
      ok,
      { tenant, delay: 'soon' },
      'ESTEIRA_DEFINITION_INVALID',
      /delay is "soon"/,
    ],
    [
      'with a delay into the past',
      report,
      ok,
      { tenant, delay: -1 },
      'ESTEIRA_DEFINITION_INVALID',
      /delay is -1/,
    ],
  ])(
    '%s says so, repeats no value, and writes nothing',
    async (_what, job, payload, options, code, message) => {
      const { esteira, read, told } = await dispatcher();
      const failure = await esteira
        .dispatch(job as typeof report, payload as typeof ok, unchecked(options))
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
      expect(JSON.stringify(failure) + String(failure)).not.toMatch(/4711|hunter2/);
      expect([await read('bench.job.monthly-report'), told]).toEqual([[], []]);
    },
  );

  // Its date passed the check here, arrived as text, and became a dead letter there.
  it.each([
    ['a date, which JSON makes text of', z.object({ at: z.date() }), { at: new Date() }, /at: invalid_type/],
    ['a number that JSON has not', z.object({ at: z.bigint() }), { at: 1n }, /cannot be written as JSON/],
    ['a function', z.any(), () => undefined, /cannot be written as JSON/],
    ['a circle', z.any(), circle(), /cannot be written as JSON/],
  ])(
    'of %s is refused where it is asked for, not where it arrives',
    async (_what, payload, value, message) => {
      const odd = defineJob<unknown>({ ...base, type: 'odd', payload });
      const bench = openBench([odd]);
      const esteira = await bench.run({ roles: [] });
      await expect(esteira.dispatch(odd, value, { tenant })).rejects.toMatchObject({
        code: 'ESTEIRA_PAYLOAD_INVALID',
        message: expect.stringMatching(message),
      });
      expect(await bench.read('bench.job.odd')).toEqual([]);
    },
  );

  // The guard looked at the object; what left was what its toJSON made of it.
  it('of an object that turns into a secret on its way out is refused', async () => {
    const odd = defineJob<unknown>({ ...base, type: 'odd', payload: z.any() });
    const bench = openBench([odd]);
    const esteira = await bench.run({ roles: [] });
    const disguised = { toJSON: () => ({ password: 'hunter2hunter2' }) };
    await expect(esteira.dispatch(odd, disguised, { tenant })).rejects.toMatchObject({
      code: 'ESTEIRA_PAYLOAD_HOLDS_SECRET',
    });
    expect(await bench.read('bench.job.odd')).toEqual([]);
  });
});

it('a dispatch nobody acknowledges is told as unknown with its id, which makes the same job', async () => {
  const { esteira, faults, read } = await dispatcher();
  faults.holdAcks('bench.job.monthly-report');
  const options = { tenant: 'acme', deadlineMs: 20 };
  const failure = await esteira
    .dispatch(report, { month: '2026-10' }, options)
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'ESTEIRA_PUBLISH_UNKNOWN', facts: { id: expect.any(String) } });
  faults.releaseAcks();
  const { id } = (failure as { facts: { id: string } }).facts;
  const job = await esteira.dispatch(report, { month: '2026-10' }, { tenant: 'acme', id });
  const records = await read('bench.job.monthly-report');
  expect(records.map(({ headers }) => textHeaders(headers)['job-id'])).toEqual([job.id, job.id]);
});

function circle(): object {
  const one: { self?: object } = {};
  one.self = one;
  return one;
}
