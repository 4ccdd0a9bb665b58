import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineEvent, type PublishOptions } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { Ledger } from '../../support/ledger.ts';
import { only } from '../../support/only.ts';
import { invoicePaid, onInvoice, openBench, textHeaders } from '../consumers/bench.ts';

const publisher = async (jobs: Parameters<typeof openBench>[0] = []) => {
  const bench = openBench(jobs);
  return { ...bench, esteira: await bench.run({ roles: [] }) };
};

/** Options as a program gives them that is not type-checked. */
const unchecked = (options: unknown): PublishOptions => options as PublishOptions;

describe('a published event', () => {
  it('is on its topic, keyed by its tenant, with the CloudEvents headers and no other', async () => {
    const { esteira, read } = await publisher();
    const timeMs = Date.UTC(2026, 9, 1);
    const startedMs = Date.now();
    const published = await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme', timeMs });
    const record = only(await read('billing.events'));
    expect(record.key?.toString()).toBe('acme');
    // An event of long ago is a young record: retention counts from when it was written.
    expect(record.timestampMs).toBeGreaterThanOrEqual(startedMs);
    expect(published.position).toEqual({ topic: 'billing.events', partition: 0, offset: 0n });
    expect(textHeaders(record.headers)).toEqual({
      ce_specversion: '1.0',
      ce_id: published.id,
      ce_type: 'condominium.events.InvoicePaid',
      ce_source: 'bench',
      ce_time: '2026-10-01T00:00:00.000Z',
      ce_tenantid: 'acme',
      ce_correlationid: published.id,
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
      'content-type': 'application/avro',
    });
    expect(record.value?.subarray(0, 5)).toEqual(Buffer.from([0, 0, 0, 0, 1]));
  });

  it('carries the context it is given', async () => {
    const { esteira, read } = await publisher();
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const context = { id: 'e-1', correlationId: 'c-1', causationId: 'k-1', userId: 'u-1', traceparent };
    const published = await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme', ...context });
    expect(published).toMatchObject({ id: 'e-1', correlationId: 'c-1' });
    expect(textHeaders(only(await read('billing.events')).headers)).toMatchObject({
      ...{ ce_id: 'e-1', ce_correlationid: 'c-1', ce_causationid: 'k-1', ce_userid: 'u-1', traceparent },
    });
  });
});

describe('a publish that cannot be', () => {
  const lost = defineEvent(invoicePaid.contract, {
    topic: 'billing.events',
    check: 'none',
    type: 'shop.Lost',
  });
  const tokenNote = invoice('p1', { currency: `ghp_${'a1B2'.repeat(9)}` });
  const tooMuch = invoice('p1', { lines: [{ description: 'x'.repeat(1_100_000), amountCents: 1 }] });
  const wrong = { ...invoice('p1'), lines: [{ description: 'secret-ish', amountCents: 'ten' }] } as never;
  const tenant = 'acme';

  it.each([
    [
      'without options',
      invoicePaid,
      invoice('p1'),
      undefined,
      'ESTEIRA_TENANT_MISSING',
      /InvoicePaid has no tenant/,
    ],
    ['without a tenant', invoicePaid, invoice('p1'), {}, 'ESTEIRA_TENANT_MISSING', /give \{ tenant \}/],
    [
      'with an empty tenant',
      invoicePaid,
      invoice('p1'),
      { tenant: '' },
      'ESTEIRA_TENANT_MISSING',
      /no tenant/,
    ],
    [
      'with a number for tenant',
      invoicePaid,
      invoice('p1'),
      { tenant: 7 },
      'ESTEIRA_TENANT_MISSING',
      /no tenant/,
    ],
    [
      'of an event the app has not',
      lost,
      invoice('p1'),
      { tenant },
      'ESTEIRA_EVENT_UNKNOWN',
      /shop\.Lost .* defineApp/,
    ],
    [
      'that breaks its check',
      ...([invoicePaid, invoice('p1', { amountCents: -4711 }), { tenant }] as const),
      'ESTEIRA_PAYLOAD_INVALID',
      /breaks its check: amountCents: too_small$/,
    ],
    [
      'that breaks its schema',
      ...([invoicePaid, wrong, { tenant }] as const),
      'ESTEIRA_PAYLOAD_INVALID',
      /lines\[0\]\.amountCents \(must be long\)/,
    ],
    [
      'that holds a secret',
      ...([invoicePaid, tokenNote, { tenant }] as const),
      'ESTEIRA_PAYLOAD_HOLDS_SECRET',
      /currency \(/,
    ],
    [
      'that is larger than its topic takes',
      ...([invoicePaid, tooMuch, { tenant }] as const),
      'ESTEIRA_RECORD_TOO_LARGE',
      /billing\.events/,
    ],
  ])(
    '%s says so, repeats no value, and writes nothing',
    async (_what, event, value, options, code, message) => {
      const { esteira, read } = await publisher();
      const failure = await esteira
        .publish(event, value, unchecked(options))
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
      expect(JSON.stringify(failure) + String(failure)).not.toMatch(/4711|secret-ish|ghp_|ten"/);
      expect(await read('billing.events')).toEqual([]);
    },
  );
});

describe('a publish nobody acknowledges', () => {
  it('is told as unknown with its id, and repeating it with that id takes effect once', async () => {
    const ledger = new Ledger();
    const bench = openBench([
      onInvoice({ run: (event, ctx) => ledger.write(event.paymentId, ctx.fence, ctx.jobId) }),
    ]);
    const esteira = await bench.run();
    bench.faults.holdAcks('billing.events');
    const failure = await esteira
      .publish(invoicePaid, invoice('p1'), { tenant: 'acme', deadlineMs: 20 })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'ESTEIRA_PUBLISH_UNKNOWN',
      message: expect.stringContaining('repeat it with id'),
      facts: { id: expect.any(String), topic: 'billing.events' },
    });
    bench.faults.releaseAcks();
    const { id } = (failure as { facts: { id: string } }).facts;
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme', id });
    await esteira.idle();
    expect(await bench.read('billing.events')).toHaveLength(2);
    expect(ledger.effects).toHaveLength(1);
  });
});

it('the tenant of a record is its key byte for byte, whatever text it is', async () => {
  const { esteira, read } = await publisher();
  const tenants = fc.sample(fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme-composite' }), 50);
  const short = tenants.filter(({ length }) => length <= 200);
  for (const tenant of short) await esteira.publish(invoicePaid, invoice('p1'), { tenant });
  const records = await read('billing.events');
  expect(records.map(({ key }) => key?.toString())).toEqual(short);
  expect(records.map(({ headers }) => textHeaders(headers)['ce_tenantid'])).toEqual(short);
});
