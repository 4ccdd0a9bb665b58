import { context, propagation, trace } from '@opentelemetry/api';
import { NodeSDK, tracing } from '@opentelemetry/sdk-node';
import { expect, onTestFinished, test } from 'vitest';
import { defineProvider } from '../../../src/index.ts';

/** One that was shut down takes nothing more. */
let exporter = new tracing.InMemorySpanExporter();

/** Tracing for the length of a test; what was told is in order of the ends. */
const traced = () => {
  exporter = new tracing.InMemorySpanExporter();
  const sdk = new NodeSDK({
    spanProcessors: [new tracing.SimpleSpanProcessor(exporter)],
    ...{ metricReaders: [], logRecordProcessors: [], autoDetectResources: false },
  });
  sdk.start();
  onTestFinished(async () => {
    trace.disable();
    context.disable();
    propagation.disable();
    await sdk.shutdown();
  });
};

const told = () =>
  exporter.getFinishedSpans().map(({ name, attributes, status, events }) => ({
    name,
    outcome: attributes['esteira.provider.outcome'],
    error: attributes['error.type'],
    isError: status.code === 2,
    message: status.message,
    breaker: attributes['esteira.provider.breaker'],
    becomes: events.map((event) => event.attributes?.['state']),
  }));

const calm = new AbortController().signal;
const call = { name: 'call mail', message: undefined, breaker: 'closed', becomes: [] };

test('the span of a call says how it went, by few words, and never by those of the service', async () => {
  traced();
  const mail = defineProvider({ name: 'mail', timeout: '50ms', maxConcurrent: 2 });
  const leaving = new AbortController();
  await mail.call(calm, async () => 'sent');
  const failing = [
    mail.call(calm, () => Promise.reject(Object.assign(new Error('ana@example.com'), { status: 404 }))),
    mail.call(calm, () => Promise.reject(Object.assign(new Error('10.0.0.1'), { code: 'ECONNREFUSED' }))),
  ];
  await Promise.allSettled(failing);
  await Promise.allSettled([mail.call(calm, () => Promise.reject(new TypeError('of ana')))]);
  await Promise.allSettled([mail.call(calm, () => new Promise(() => undefined))]);
  const left = mail.call(leaving.signal, () => new Promise(() => undefined));
  leaving.abort();
  await Promise.allSettled([left]);
  mail.close();
  await Promise.allSettled([mail.call(calm, async () => 'never')]);
  expect(told()).toEqual([
    { ...call, outcome: 'answered', error: undefined, isError: false },
    { ...call, outcome: 'declined', error: '404', isError: true },
    { ...call, outcome: 'failed', error: 'ECONNREFUSED', isError: true },
    { ...call, outcome: 'failed', error: 'TypeError', isError: true },
    { ...call, outcome: 'timed-out', error: 'timed-out', isError: true },
    { ...call, outcome: 'aborted', error: 'aborted', isError: false },
    { ...call, outcome: 'refused', error: 'ESTEIRA_CLOSED', isError: true },
  ]);
});

test('the call that opens the breaker says so, and the next that it was not made', async () => {
  traced();
  const mail = defineProvider({
    ...{ name: 'mail', timeout: '1s', maxConcurrent: 1 },
    breaker: { volumeThreshold: 2 },
  });
  const down = () => Promise.reject(Object.assign(new Error('down'), { status: 503 }));
  for (let index = 0; index < 3; index += 1) await Promise.allSettled([mail.call(calm, down)]);
  mail.close();
  expect(told()).toEqual([
    { ...call, outcome: 'failed', error: '503', isError: true },
    { ...call, outcome: 'failed', error: '503', isError: true, becomes: ['open'] },
    { ...call, outcome: 'refused', error: 'ESTEIRA_PROVIDER_OPEN', isError: true, breaker: 'open' },
  ]);
});

test('below the span of a call is what it makes of its own, and its answer is the same', async () => {
  traced();
  const mail = defineProvider({ name: 'mail', timeout: '1s', maxConcurrent: 1 });
  const answer = await mail.call(calm, async () => {
    trace.getTracer('http').startSpan('POST').end();
    return 'sent';
  });
  mail.close();
  const [request, outer] = exporter.getFinishedSpans();
  expect(answer).toBe('sent');
  expect([request?.name, outer?.name]).toEqual(['POST', 'call mail']);
  expect(request?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
});
