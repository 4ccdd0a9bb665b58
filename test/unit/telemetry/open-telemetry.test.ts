import { metrics, trace } from '@opentelemetry/api';
import { NodeSDK, tracing } from '@opentelemetry/sdk-node';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { EsteiraError } from '../../../src/core/errors.ts';
import { startSpan } from '../../../src/core/start-span.ts';
import { isTraceparent } from '../../../src/core/traceparent.ts';
import { activeTraceparent } from '../../../src/security/active-trace.ts';
import { type JobSpan, withJobSpan } from '../../../src/telemetry/job-span.ts';
import { jobSpanIds } from '../../../src/telemetry/job-span-ids.ts';
import { createJobMetrics } from '../../../src/telemetry/metrics/job-metrics.ts';
import { type OpenTelemetryOptions, startOpenTelemetry } from '../../../src/telemetry/open-telemetry.ts';
import { jobEvent } from '../../support/job-events.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { startOtlpCollector } from './otlp-collector.ts';

const CHAIN = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const JOB: JobSpan = {
  jobId: 'job-1',
  jobType: 'send-receipt',
  queue: 'notifications',
  attempt: 2,
  starts: 3,
  correlationId: 'chain-1',
  traceparent: CHAIN,
  position: { topic: 'billing.events', partition: 3, offset: 41n },
  groupId: 'shop.job.send-receipt',
};

beforeEach(() => {
  vi.unstubAllEnvs();
  vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json');
});

const start = (options: Partial<OpenTelemetryOptions> = {}) => {
  const log = recordingLog();
  const telemetry = startOpenTelemetry({ service: 'billing-workers', log, ...options });
  onTestFinished(() => telemetry.shutdown());
  return { telemetry, log };
};

/** Tracing with a collector that takes what comes. */
const traced = async (options: Partial<OpenTelemetryOptions> = {}) => {
  const collector = await startOtlpCollector();
  onTestFinished(() => collector.close());
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
  return { collector, ...start({ traces: 'environment', ...options }) };
};

describe('tracing', () => {
  it('exports a span for each attempt, of kind consumer, linked to the chain, with the messaging attributes', async () => {
    const { telemetry, collector } = await traced();
    expect(await withJobSpan(JOB, false, () => Promise.resolve('done'))).toBe('done');
    await telemetry.shutdown();
    const span = collector.spans.find(({ name }) => name === 'process billing.events');
    expect(span?.kind).toBe(5); // OTLP's number of CONSUMER
    expect(span?.links).toMatchObject([{ traceId: CHAIN.slice(3, 35), spanId: CHAIN.slice(36, 52) }]);
    expect(span?.traceId).not.toBe(CHAIN.slice(3, 35));
    expect(span?.parentSpanId ?? '').toBe('');
    expect(
      Object.fromEntries((span?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]])),
    ).toEqual({
      'messaging.system': 'kafka',
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'process',
      'messaging.destination.name': 'billing.events',
      'messaging.destination.partition.id': '3',
      'messaging.kafka.offset': 41,
      'messaging.consumer.group.name': 'shop.job.send-receipt',
      'messaging.message.conversation_id': 'chain-1',
      'esteira.job.id': 'job-1',
      'esteira.job.type': 'send-receipt',
      'esteira.job.attempt': 2,
      'esteira.job.starts': 3,
      'esteira.queue': 'notifications',
    });
  });

  it('names the service, and tells neither the command line nor the owner of the process', async () => {
    const { telemetry, collector } = await traced();
    await telemetry.tracing;
    expect(collector.resource.get('service.name')).toBe('billing-workers');
    expect([...collector.resource.keys()].filter((name) => name.startsWith('process.'))).toEqual([]);
  });

  it('marks the span of a failed attempt, with the code and the redacted message and without the stack', async () => {
    const { telemetry, collector } = await traced();
    const error = new EsteiraError(
      'ESTEIRA_PROVIDER_TIMEOUT',
      `no answer from https://u:${'hunter'}${2}@mail`,
    );
    await expect(withJobSpan(JOB, false, () => Promise.reject(error))).rejects.toBe(error);
    await telemetry.shutdown();
    const span = collector.spans.find(({ name }) => name === 'process billing.events');
    expect(span?.status.code).toBe(2);
    expect(span?.status.message).toContain('no answer');
    expect(span?.attributes).toContainEqual({
      key: 'error.type',
      value: { stringValue: 'ESTEIRA_PROVIDER_TIMEOUT' },
    });
    expect(JSON.stringify(collector.spans)).not.toContain('hunter2');
    expect(JSON.stringify(collector.spans)).not.toContain('open-telemetry.test');
  });

  it('makes the span the active one while the handler runs, across awaits', async () => {
    await traced();
    expect(activeTraceparent()).toBeUndefined();
    const seen = await withJobSpan(JOB, false, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return activeTraceparent();
    });
    expect(seen).toSatisfy((text) => typeof text === 'string' && isTraceparent(text));
    expect(activeTraceparent()).toBeUndefined();
  });

  it.each([undefined, 'nonsense', '00-00000000000000000000000000000000-0000000000000000-01'])(
    'runs the job with no link when the trace context is %s',
    async (traceparent) => {
      const { telemetry, collector } = await traced();
      const { traceparent: _, ...job } = JOB;
      await withJobSpan(traceparent === undefined ? job : { ...job, traceparent }, false, () => undefined);
      await telemetry.shutdown();
      expect(collector.spans.find(({ name }) => name === 'process billing.events')?.links).toEqual([]);
    },
  );

  it('runs the job just the same while tracing is off', async () => {
    const { telemetry } = start();
    expect(await telemetry.tracing).toBe('off');
    expect(await withJobSpan(JOB, false, () => 7)).toBe(7);
    await expect(withJobSpan(JOB, false, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});

describe('the start-up check', () => {
  it('says that spans arrive, once one has', async () => {
    const { telemetry, collector, log } = await traced();
    expect(await telemetry.tracing).toBe('exporting');
    expect(collector.spans.map(({ name }) => name)).toEqual(['esteira start-up check']);
    expect(log.lines).toEqual([]);
  });

  it('says that they do not when the collector refuses them, in one log line', async () => {
    const { telemetry, collector, log } = await traced();
    collector.status = 400;
    expect(await telemetry.tracing).toBe('failing');
    expect(log.messages('warn').filter((message) => message === 'tracing.not_exporting')).toHaveLength(1);
  });

  it('says so within its deadline when the collector does not answer', async () => {
    const collector = await startOtlpCollector();
    onTestFinished(() => collector.close());
    collector.status = undefined;
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
    const { telemetry, log } = start({ traces: 'environment', checkDeadlineMs: 100 });
    expect(await telemetry.tracing).toBe('failing');
    expect(log.lines[0]).toMatchObject({ level: 'warn', message: 'tracing.not_exporting' });
    const startedMs = performance.now();
    await telemetry.shutdown(100);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(log.messages('warn')).toContain('tracing.shutdown_incomplete');
  });

  it('knows nothing when the sampler leaves the trial span out', async () => {
    vi.stubEnv('OTEL_TRACES_SAMPLER', 'always_off');
    const { telemetry } = await traced();
    expect(await telemetry.tracing).toBe('unsampled');
  });

  it('is off where the environment says none', async () => {
    vi.stubEnv('OTEL_TRACES_EXPORTER', 'none');
    const { telemetry } = await traced();
    expect(await telemetry.tracing).toBe('off');
  });
});

describe('one process, several users of OpenTelemetry', () => {
  it("uses the app's own tracing and leaves it running", async () => {
    const first = await traced();
    const { telemetry: second } = start({ traces: 'environment' });
    expect(await second.tracing).toBe('foreign');
    await second.shutdown();
    await withJobSpan(JOB, false, () => undefined);
    await first.telemetry.shutdown();
    expect(first.collector.spans.map(({ name }) => name)).toContain('process billing.events');
  });

  it.each([
    ['as they are, which it says, where the app keeps its ids', {}, false],
    [
      'with links between the starts of a job, where the app takes our ids',
      { idGenerator: jobSpanIds },
      true,
    ],
  ])('makes spans %s, though no variable asks for any', async (_, options, ownIds) => {
    const sdk = new NodeSDK({
      ...options,
      traceExporter: new tracing.InMemorySpanExporter(),
      metricReaders: [],
    });
    sdk.start();
    onTestFinished(async () => {
      trace.disable();
      await sdk.shutdown();
    });
    const { telemetry, log } = start();
    expect(telemetry).toMatchObject({ traced: true, ownIds });
    expect(log.messages('info')).toEqual(ownIds ? [] : ['tracing.starts_not_linked']);
    const seen = await withJobSpan(JOB, ownIds, () => activeTraceparent());
    const { traceId, spanId } = startSpan(JOB);
    if (ownIds) expect(seen).toBe(`00-${traceId}-${spanId}-01`);
    else expect(seen).not.toContain(traceId);
  });

  it('keeps the metrics of two apps apart and complains about nothing', async () => {
    const first = start();
    const second = start();
    createJobMetrics(first.telemetry.families).observer(jobEvent('job.completed', { queue: 'first' }));
    createJobMetrics(second.telemetry.families).observer(jobEvent('job.completed', { queue: 'second' }));
    expect(await first.telemetry.metricsText()).toContain('queue="first"');
    expect(await first.telemetry.metricsText()).not.toContain('queue="second"');
    expect(await second.telemetry.metricsText()).toContain('queue="second"');
    expect([...first.log.lines, ...second.log.lines]).toEqual([]);
  });

  it("shows the app's own instruments on the same page", async () => {
    const { telemetry } = start();
    metrics.getMeter('shop').createCounter('receipts_sent_total').add(3);
    expect(await telemetry.metricsText()).toContain('receipts_sent_total 3');
  });

  it('starts again after it was stopped', async () => {
    const first = await traced();
    await first.telemetry.shutdown();
    await first.telemetry.shutdown();
    expect(trace.getTracer('esteira').startSpan('none').isRecording()).toBe(false);
    const { telemetry, collector } = await traced();
    expect(await telemetry.tracing).toBe('exporting');
    expect(collector.spans).toHaveLength(1);
  });
});
