import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../../src/core/clock.ts';
import {
  HTTPTelemetryEmitter,
  type HTTPTelemetryEmitterOptions,
  type JobEvent,
} from '../../../../src/index.ts';
import { jobEvent } from '../../../support/job-events.ts';
import { recordingLog } from '../../../support/recording-log.ts';
import { pause, waitFor } from '../../../support/wait.ts';
import { type LakeAnswer, ok, openLake, status } from './lake.ts';

const event = (at: number, changes: Partial<JobEvent> = {}): JobEvent =>
  jobEvent('job.completed', { eventId: `event-${at}`, ...changes });
const range = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);

const openEmitter = (url: string, changes: Partial<HTTPTelemetryEmitterOptions> = {}) => {
  const log = recordingLog();
  const emitter = new HTTPTelemetryEmitter(
    { log, clock: systemClock },
    {
      ...{ url, batch: { events: 50, wait: '5ms' }, timeout: '10s' },
      ...{ backoff: { first: '5ms', longest: '40ms' }, ...changes },
    },
  );
  const stateOf = () => emitter.status()[0] ?? expect.fail();
  const delivered = (count: number) => waitFor(`${count} delivered`, () => stateOf().delivered === count);
  return { emitter, log, stateOf, delivered };
};

/** Ids of what the lake has accepted: those of the requests that it answered with 200. */
const idsIn = (bodies: readonly string[]): readonly string[] =>
  bodies.flatMap((body) => JSON.parse(body).map(({ eventId }: { eventId: string }) => eventId));

describe('an HTTP emitter', () => {
  test('posts batches as a JSON array of whole events, with its headers and a key for the batch', async () => {
    const { requests, url } = await openLake();
    const { emitter, delivered } = openEmitter(url, { headers: { authorization: 'Bearer abc' } });
    for (const at of range(120)) emitter.emit(event(at));
    await delivered(120);
    expect(requests.map(({ body }) => JSON.parse(body).length)).toEqual([50, 50, 20]);
    expect(JSON.parse(requests[0]?.body ?? '')[0]).toEqual(event(0));
    expect(requests[0]).toMatchObject({
      url: '/events?tier=gold',
      headers: { authorization: 'Bearer abc', 'content-type': 'application/json' },
    });
    const keys = requests.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(3);
    await emitter.close(1_000);
  });

  test('posts one JSON object a line, in gzip, where it is asked to', async () => {
    const { requests, url } = await openLake();
    const { emitter, delivered } = openEmitter(url, { format: 'ndjson', gzip: true });
    for (const at of range(3)) emitter.emit(event(at));
    await delivered(3);
    expect(requests[0]?.headers).toMatchObject({
      ...{ 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
    });
    const lines = (requests[0]?.body ?? '').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).eventId)).toEqual(['event-0', 'event-1', 'event-2']);
    await emitter.close(1_000);
  });

  test('sends the minimal payload of the marketplace document, of the events it names', async () => {
    const { requests, url } = await openLake();
    const { emitter, delivered } = openEmitter(url, { payload: 'marketplace' });
    const dimensions = { marketplace: 'meli', region: 'br-sp' };
    const metrics = { records_total: 4, error_rate: 0.25, 'errors_by_field.price': 1 };
    emitter.emit(event(0, { type: 'job.dispatched' }));
    emitter.emit(event(1, { type: 'job.retried', time: Date.UTC(2026, 0, 2), jobId: 'j', dimensions }));
    emitter.emit(event(2, { dimensions, metrics }));
    await delivered(2);
    const [retried, completed] = JSON.parse(requests[0]?.body ?? '');
    expect(retried).toEqual({
      ...{ event: 'job.retrying', event_id: 'event-1', job_id: 'j', task: event(1).jobType },
      timestamp: '2026-01-02T00:00:00.000Z',
      ...{ marketplace: 'meli', category: '-', region: 'br-sp', metrics: {} },
    });
    expect(completed.metrics).toEqual({ records_total: 4, error_rate: 0.25, errors_by_field: { price: 1 } });
    await emitter.close(1_000);
  });

  test('sends what a function makes of an event, and nothing of those it makes nothing of; one that throws is counted', async () => {
    const { requests, url } = await openLake();
    const { emitter, delivered, stateOf } = openEmitter(url, {
      types: ['job.completed', 'job.failed'],
      payload: ({ type, eventId }) => {
        if (eventId === 'event-2') throw new RangeError('with a secret in it');
        return type === 'job.failed' ? undefined : { id: eventId };
      },
    });
    emitter.emit(event(0));
    emitter.emit(event(1, { type: 'job.failed' }));
    emitter.emit(event(2));
    emitter.emit(event(3, { type: 'job.started' }));
    await delivered(1);
    expect(requests[0]?.body).toBe('[{"id":"event-0"}]');
    expect(stateOf().dropped).toEqual({ payload_failed: 1 });
    await emitter.close(1_000);
  });

  const hang: LakeAnswer = () => undefined;
  const cut: LakeAnswer = (response) => void response.socket?.destroy();
  const halfWay: LakeAnswer = (response) => {
    response.writeHead(200, { 'content-length': '100000' });
    response.write('half');
    setImmediate(() => response.socket?.destroy());
  };

  test.each<[string, LakeAnswer]>([
    ['answers 500', status(500)],
    ['answers 408', status(408)],
    ['answers 429 and when to come back', status(429, { 'retry-after': '0' })],
    ['cuts the connection', cut],
    ['hangs', hang],
  ])('delivers the same batch under the same key to a lake that first %s', async (_, bad) => {
    const { lake, requests, url } = await openLake();
    lake.answer = (response, request, number) => (number <= 2 ? bad : ok)(response, request, number);
    const { emitter, delivered, log } = openEmitter(url, { timeout: bad === hang ? '200ms' : '10s' });
    for (const at of range(10)) emitter.emit(event(at));
    await delivered(10);
    expect(requests.length).toBeGreaterThanOrEqual(3); // a slow machine may take an answer for a hang
    if (bad !== hang) expect(requests).toHaveLength(3);
    expect(new Set(requests.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(new Set(requests.map(({ body }) => body)).size).toBe(1);
    expect(log.lines.map(({ message }) => message)).toEqual([
      'telemetry.emitter_blocked',
      'telemetry.emitter_unblocked',
    ]);
    await emitter.close(1_000);
  });

  test('takes the status for the answer: a body that breaks off, or never ends, holds nothing up for long', async () => {
    const { lake, requests, url } = await openLake();
    const endless: LakeAnswer = (response) => {
      response.writeHead(200);
      const more = (): void => {
        if (response.destroyed) return;
        response.write('x'.repeat(65_536), () => setImmediate(more));
      };
      more();
    };
    lake.answer = (response, request, number) =>
      (number === 1 ? halfWay : number === 2 ? endless : ok)(response, request, number);
    const { emitter, delivered, stateOf } = openEmitter(url, { batch: { events: 1 } });
    for (const at of range(3)) emitter.emit(event(at));
    await delivered(3);
    expect(requests).toHaveLength(3);
    expect(stateOf().dropped).toEqual({});
    await emitter.close(1_000);
  });

  test.each([400, 401, 404, 422])(
    'drops a batch that is refused with %i, and goes on with the next',
    async (code) => {
      const { lake, url } = await openLake();
      lake.answer = (response, request, number) =>
        (number === 1 ? status(code) : ok)(response, request, number);
      const { emitter, delivered, stateOf, log } = openEmitter(url, { batch: { events: 2, wait: '1s' } });
      for (const at of range(4)) emitter.emit(event(at));
      await delivered(2);
      expect(stateOf()).toMatchObject({ pending: 0, dropped: { refused: 2 } });
      expect(log.lines[0]).toMatchObject({ level: 'warn', facts: { error: `answered ${code}` } });
      await emitter.close(1_000);
    },
  );

  test('halves what is too large for the lake', async () => {
    const { lake, requests, url } = await openLake();
    lake.answer = (response, request, number) =>
      (JSON.parse(request.body).length > 3 ? status(413) : ok)(response, request, number);
    const { emitter, delivered, stateOf } = openEmitter(url);
    for (const at of range(10)) emitter.emit(event(at));
    await delivered(10);
    expect(stateOf().dropped).toEqual({});
    expect(requests.at(-1)?.body).toContain('event-9');
    await emitter.close(1_000);
  });

  // A redirect would take the authorization header to wherever it points.
  test('follows no redirect, and tells nobody else its secrets', async () => {
    const other = await openLake();
    const { lake, url } = await openLake();
    lake.answer = status(307, { location: other.url });
    const { emitter, log, stateOf } = openEmitter(url, { headers: { authorization: 'Bearer hunter2' } });
    emitter.emit(event(0));
    await waitFor('it to be dropped', () => stateOf().dropped['refused'] === 1);
    await emitter.close(1_000);
    expect(other.requests).toEqual([]);
    expect(JSON.stringify(log.lines)).toMatch(/answered 307: redirects are not followed/);
    expect(JSON.stringify(log.lines)).not.toMatch(/hunter2|tier=gold/);
  });

  test('a lake that is down for seconds loses nothing within the bound, and what is dropped beyond it is said', async () => {
    const first = await openLake();
    const { emitter, delivered, stateOf, log } = openEmitter(first.url, { buffer: { events: 300 } });
    for (const at of range(100)) emitter.emit(event(at));
    await delivered(100);
    await first.kill();
    for (const at of range(350)) emitter.emit(event(1_000 + at));
    await waitFor('it to be told', () => log.lines.length === 1);
    await pause(1_500); // this is the outage
    expect(stateOf()).toMatchObject({ pending: 300, dropped: { buffer_full: 50 } });
    const second = await openLake(first.port);
    await delivered(400);
    expect(new Set(idsIn(second.requests.map(({ body }) => body))).size).toBe(300);
    expect(log.lines.at(-1)).toMatchObject({
      ...{ level: 'warn', message: 'telemetry.emitter_unblocked' },
      facts: { emitter: 'http', dropped: 50, dropped_buffer_full: 50 },
    });
    await emitter.close(1_000);
  });

  test('a lake that is killed in the middle of a request gets the batch again', async () => {
    const first = await openLake();
    first.lake.answer = hang;
    const { emitter, delivered } = openEmitter(first.url, { timeout: '5s' });
    emitter.emit(event(0));
    await waitFor('the request', () => first.requests.length === 1);
    await first.kill();
    const second = await openLake(first.port);
    await delivered(1);
    expect(second.requests[0]?.headers['idempotency-key']).toBe(
      first.requests[0]?.headers['idempotency-key'],
    );
    await emitter.close(1_000);
  });

  test('gives up on a lake that takes the request and reads nothing of it, and keeps what it could not send', async () => {
    const server = createServer((socket) => socket.pause()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { emitter, log, stateOf } = openEmitter(`http://127.0.0.1:${port}/`, { timeout: '150ms' });
    for (const at of range(20)) emitter.emit(event(at, { errorMessage: 'x'.repeat(500_000) }));
    await waitFor('it to be told', () => log.lines.length === 1);
    expect(log.lines[0]?.facts).toMatchObject({ error: 'no answer within 150 ms' });
    expect(stateOf()).toMatchObject({ pending: 20, dropped: {} });
    await emitter.close(10);
  });

  test('leaves within its time at the end, whatever the lake does', async () => {
    const { lake, url } = await openLake();
    lake.answer = hang;
    const { emitter, stateOf, log } = openEmitter(url, { timeout: '60s' });
    for (const at of range(5)) emitter.emit(event(at));
    const fromMs = Date.now();
    await emitter.close(300);
    expect(Date.now() - fromMs).toBeLessThan(2_000);
    expect(stateOf()).toMatchObject({ pending: 0, dropped: { stopped: 5 } });
    expect(log.lines.at(-1)).toMatchObject({ message: 'telemetry.emitter_closed_blocked' });
  });
});

test.each<[string, Partial<HTTPTelemetryEmitterOptions>, RegExp]>([
  ['an address with a password', { url: 'https://joe:hunter2@lake.example/' }, /url is no address of http/],
  ['an address of files', { url: 'file:///etc/passwd' }, /url is no address of http/],
  ['a header with a line break', { headers: { authorization: 'hunter2\r\nx: y' } }, /headers\.authorization/],
  ['a buffer of nothing', { buffer: { events: 0 } }, /buffer\.events is 0/],
  ['no time', { timeout: '0s' }, /timeout/],
  ['no name', { name: ' ' }, /name is empty/],
])('an HTTP emitter is not made with %s, and the secret is not in the error', (_, changes, problem) => {
  const make = () => openEmitter('http://127.0.0.1:1/', changes);
  expect(make).toThrow(problem);
  expect(make).not.toThrow(/hunter2/);
});
