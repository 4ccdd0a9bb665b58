import { performance } from 'node:perf_hooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { isEsteiraError } from '../../../src/core/errors.ts';
import { type ConfluentSourceOptions, createConfluentSource, createSerde } from '../../../src/serde/index.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { framed } from './contracts.ts';
import { type RegistryStub, type StubMode, startRegistryStub } from './registry-stub.ts';

const SCHEMA = { type: 'record', name: 'R', namespace: 'a', fields: [] };

let stub: RegistryStub;
const clock = manualClock();

beforeEach(async () => {
  stub = await startRegistryStub();
});
afterEach(() => stub.stop());

const source = (options: Partial<ConfluentSourceOptions> = {}) =>
  createConfluentSource({ url: stub.url, deadlineMs: 10_000, clock, ...options });

const failureOf = async (asked: Promise<unknown>) => {
  try {
    await asked;
  } catch (error) {
    if (isEsteiraError(error, 'ESTEIRA_REGISTRY_UNAVAILABLE')) return error;
    throw error;
  }
  throw new Error('it was answered');
};

describe('a registry that answers', () => {
  it('is asked once for a schema, however many want it, and never again', async () => {
    const id = stub.put('a.R', SCHEMA);
    const schemas = source();
    const answers = await Promise.all(Array.from({ length: 100 }, () => schemas.schemaById(id)));
    expect(answers).toEqual(Array(100).fill(SCHEMA));
    clock.advance(3_600_000);
    expect(await schemas.schemaById(id)).toEqual(SCHEMA);
    expect(stub.requests).toEqual([`GET /api/schemas/ids/${id}`]);
  });

  it('finds the id of exactly this schema, and asks once', async () => {
    const id = stub.put('a.R', SCHEMA);
    const schemas = source();
    expect(await schemas.idOf('a.R', SCHEMA)).toBe(id);
    expect(await schemas.idOf('a.R', SCHEMA)).toBe(id);
    expect(await schemas.idOf('a.R', { ...SCHEMA, doc: 'other' })).toBeUndefined();
    expect(stub.requests).toEqual(['POST /api/subjects/a.R', 'POST /api/subjects/a.R']);
  });

  it('is asked once in half a minute for an id it does not have', async () => {
    const schemas = source();
    for (let round = 0; round < 50; round += 1) expect(await schemas.schemaById(7)).toBeUndefined();
    expect(stub.requests).toHaveLength(1);
    clock.advance(30_001);
    stub.put('a.R', SCHEMA);
    expect(await schemas.schemaById(7)).toBeUndefined();
    expect(stub.requests).toHaveLength(2);
  });

  it('is asked again for a schema soon after it was not registered', async () => {
    const schemas = source();
    expect(await schemas.idOf('a.R', SCHEMA)).toBeUndefined();
    const id = stub.put('a.R', SCHEMA);
    expect(await schemas.idOf('a.R', SCHEMA)).toBeUndefined();
    clock.advance(2_001);
    expect(await schemas.idOf('a.R', SCHEMA)).toBe(id);
  });

  it('gets at most four requests at once, whatever ids poison names', async () => {
    const schemas = source();
    const ids = Array.from({ length: 200 }, (_, index) => 5_000 + index);
    expect(await Promise.all(ids.map((id) => schemas.schemaById(id)))).toEqual(Array(200).fill(undefined));
    expect(stub.requests).toHaveLength(200);
    expect(stub.mostOpen).toBeLessThanOrEqual(4);
  });

  it('gets user and password, given apart or in the URL, and no error shows them', async () => {
    const id = stub.put('a.R', SCHEMA);
    const withUser = stub.url.replace('//', '//ann:p%40ss@');
    await source({ user: 'ann', password: 'p@ss' }).schemaById(id);
    await source({ url: withUser }).schemaById(id);
    const expected = `Basic ${Buffer.from('ann:p@ss').toString('base64')}`;
    expect(stub.authorizations).toEqual([expected, expected]);
    stub.mode = { status: 401, body: '{"error_code":401,"message":"no"}' };
    const error = await failureOf(source({ url: withUser }).schemaById(id));
    expect(JSON.stringify([error.message, error.facts, String(error.cause), error.stack])).not.toContain(
      'p@ss',
    );
    expect(error.facts).toMatchObject({ status: 401 });
    expect(error.message).toContain('user and password');
  });

  it('must have an address that is one; the error does not repeat it', () => {
    const make = () => source({ url: 'ann:p@ss at home' });
    expect(make).toThrowError(expect.objectContaining({ code: 'ESTEIRA_CONFIG_INVALID' }));
    expect(make).not.toThrowError(/p@ss/);
  });

  it('hands over what is no Avro as the text it is', async () => {
    const text = 'syntax = "proto3"; message R {}';
    stub.mode = { status: 200, body: JSON.stringify({ schema: text, schemaType: 'PROTOBUF' }) };
    expect(await source().schemaById(1)).toBe(text);
    const serde = createSerde({ source: source() });
    expect(await serde.decode(InvoicePaid, framed(1, [0]))).toMatchObject({ code: 'SCHEMA_MISMATCH' });
  });
});

describe('a registry that does not answer', () => {
  it.each<[StubMode, string]>([
    ['hang', 'timeout'],
    ['drip', 'timeout'],
  ])('fails within the deadline when it does: %s', async (mode, failure) => {
    stub.mode = mode;
    const started = performance.now();
    const error = await failureOf(source({ deadlineMs: 200 }).schemaById(1));
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(error.facts).toMatchObject({ failure });
  });

  it('fails when the connection is cut in the middle of the answer, or refused', async () => {
    stub.mode = 'cut';
    expect((await failureOf(source().schemaById(1))).facts).toMatchObject({ failure: 'connection' });
    const gone = source();
    await stub.stop();
    expect((await failureOf(gone.schemaById(1))).facts).toMatchObject({ failure: 'connection' });
    stub = await startRegistryStub();
  });

  it.each<[string, StubMode]>([
    ['500', { status: 500, body: '{"error_code":50001,"message":"x"}' }],
    ['503 without a body', { status: 503, body: '' }],
    ['500 with the body null (the package never answered)', { status: 500, body: 'null' }],
    ['404 of a proxy or a wrong path', { status: 404, body: '<html>not here</html>' }],
    ['404 with a code that is not "not found"', { status: 404, body: '{"error_code":404}' }],
    ['429', { status: 429, body: '{}' }],
    ['a redirect', { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } }],
    ['200 with something else', { status: 200, body: '<html>welcome</html>' }],
    ['200 without a schema', { status: 200, body: '{}' }],
  ])('is unavailable, not ignorant of the id, at %s', async (_, mode) => {
    stub.mode = mode;
    expect((await failureOf(source().schemaById(1))).retryable).toBe(true);
    expect((await failureOf(source().idOf('a.R', SCHEMA))).retryable).toBe(true);
  });

  it.each([2 ** 31, 0, -1, 1.5])(
    'is unusable when it gives the id %d, which a frame cannot carry',
    async (id) => {
      stub.mode = { status: 200, body: JSON.stringify({ id, version: 1, schema: '{}' }) };
      await failureOf(source().idOf('a.R', SCHEMA));
    },
  );

  it('is left alone for a while after a failure, longer each time, and is asked again after it', async () => {
    stub.mode = { status: 500, body: '{}' };
    const schemas = source();
    const pauses: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      await failureOf(schemas.schemaById(round + 1));
      const asked = stub.requests.length;
      const paused = await failureOf(schemas.schemaById(999));
      expect(stub.requests).toHaveLength(asked);
      pauses.push(Number(paused.facts['retryInMs']));
      clock.advance(Number(paused.facts['retryInMs']));
    }
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
    stub.mode = 'ok';
    const id = stub.put('a.R', SCHEMA);
    expect(await schemas.schemaById(id)).toEqual(SCHEMA);
    stub.mode = { status: 500, body: '{}' };
    await failureOf(schemas.schemaById(1));
    expect((await failureOf(schemas.schemaById(1))).facts).toMatchObject({ retryInMs: 250 });
  });

  it('gets a handful of requests for ten thousand records of poison', async () => {
    stub.mode = { status: 500, body: '{}' };
    const schemas = source();
    const ids = Array.from({ length: 10_000 }, (_, index) => index + 1);
    await Promise.all(ids.map((id) => failureOf(schemas.schemaById(id))));
    expect(stub.requests.length).toBeLessThanOrEqual(4);
  });

  it('does not hold up what is known', async () => {
    const id = stub.put(InvoicePaid.name, InvoicePaid.schema);
    const serde = createSerde({ source: source({ deadlineMs: 1_000 }) });
    await serde.warm([InvoicePaid]);
    stub.mode = 'hang';
    const value: InvoicePaid = {
      tenantId: 't',
      invoiceId: 'i',
      paymentId: 'p',
      amountCents: 1,
      currency: 'EUR',
      lines: [],
      paidAt: 1,
    };
    const bytes = serde.encode(InvoicePaid, value);
    expect(bytes).toBeInstanceOf(Buffer);
    expect(serde.decode(InvoicePaid, await bytes)).toEqual({ ok: true, value, schemaId: id });
    await failureOf(Promise.resolve(serde.decode(InvoicePaid, framed(9, []))));
  });

  it('is asked by two sources with their own deadlines (the package shares its settings between clients)', async () => {
    stub.mode = 'hang';
    const quick = source({ deadlineMs: 100 });
    const slow = source({ deadlineMs: 60_000 });
    const waiting = slow.schemaById(1).catch(() => 'stopped');
    await failureOf(quick.schemaById(1));
    expect(stub.requests).toHaveLength(2);
    await stub.stop();
    expect(await waiting).toBe('stopped');
    stub = await startRegistryStub();
  });
});
