import { context, trace } from '@opentelemetry/api';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { silentLog } from '../../../src/core/ports/log.ts';
import { completed, defineJob, defineProvider } from '../../../src/index.ts';
import { replayNow, withReplay } from '../../../src/runtime/replay/index.ts';
import { invoice } from '../../support/invoices.ts';
import { waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench, textHeaders } from '../consumers/bench.ts';
import { type CollectedSpan, plainAttributes, startOtlpCollector } from '../telemetry/otlp-collector.ts';

const CALLER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

beforeEach(() => vi.unstubAllEnvs());

/** A bench whose processes are traced, with the collector they send to. */
const openTraced = async (
  jobs: Parameters<typeof openBench>[0],
  protocol: 'http/json' | 'http/protobuf' = 'http/protobuf',
) => {
  const collector = await startOtlpCollector();
  const environment = {
    ...{ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_PROTOCOL: protocol },
    LOG_LEVEL: 'info',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const bench = openBench(jobs);
  const esteira = await bench.run({ environment });
  return {
    ...{ bench, collector, esteira },
    /** What was collected once the process has stopped. */
    spans: async (): Promise<readonly CollectedSpan[]> => {
      await esteira.stop();
      await collector.close();
      return collector.spans;
    },
  };
};

const named = (spans: readonly CollectedSpan[], name: string): readonly CollectedSpan[] =>
  spans.filter((span) => span.name === name);
const only = (spans: readonly CollectedSpan[], name: string): CollectedSpan => {
  const [span, ...more] = named(spans, name);
  if (span === undefined || more.length > 0) throw new Error(`${more.length + 1} of ${name}`);
  return span;
};
const links = ({ links: all }: CollectedSpan) =>
  Object.fromEntries(
    all.map(({ traceId, spanId, attributes }) => [
      plainAttributes(attributes)['esteira.link'],
      { traceId, spanId },
    ]),
  );
const idsOf = ({ traceId, spanId }: CollectedSpan) => ({ traceId, spanId });
const attempts = (spans: readonly CollectedSpan[], topic: string) =>
  named(spans, `process ${topic}`).toSorted(
    (one, other) =>
      Number(plainAttributes(one.attributes)['esteira.job.starts']) -
      Number(plainAttributes(other.attributes)['esteira.job.starts']),
  );

describe.each(['http/json', 'http/protobuf'] as const)('over %s', (protocol) => {
  test('what is published has a span below the caller, which the record carries, and its run links to it', async () => {
    const { bench, esteira, collector, spans } = await openTraced([onInvoice()], protocol);
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme', traceparent: CALLER });
    await esteira.idle();
    const all = await spans();
    expect([...collector.contentTypes]).toEqual([
      protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
    ]);
    const sent = only(all, 'send billing.events');
    expect(sent).toMatchObject({
      kind: 4, // OTLP's number of PRODUCER
      ...{ traceId: CALLER.slice(3, 35), parentSpanId: CALLER.slice(36, 52) },
    });
    const [record] = await bench.read('billing.events');
    expect(textHeaders(record?.headers ?? [])['traceparent']).toBe(`00-${sent.traceId}-${sent.spanId}-01`);
    const run = only(all, 'process billing.events');
    expect(links(run)).toEqual({ created_by: idsOf(sent) });
    expect(run.traceId).not.toBe(sent.traceId);
  });
});

describe('the starts of a job', () => {
  test('are linked, each to the one before, and the first after a replay to the one that died', async () => {
    const runs: number[] = [];
    const settle = onInvoice({
      retry: { attempts: 2, backoff: '20ms' },
      run: (_, { attempt }) => {
        runs.push(attempt);
        if (runs.length < 4) throw new Error(`not yet ${runs.length}`);
      },
    });
    const { bench, esteira, spans } = await openTraced([settle]);
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await waitFor('a dead letter', () => bench.types('job.sent_to_dlq').length === 1);
    const { replayId } = await withReplay(
      {
        ...{ app: bench.app, backend: bench.backend, log: silentLog },
        ...{ service: { service: 'bench', host: 'here' }, operator: { name: 'ana', roles: ['operator'] } },
      },
      (parts) => replayNow(parts, { selection: { jobType: 'settle' }, reason: 'mended', run: true }),
    );
    await waitFor('its end', () => bench.types('job.completed').length === 1);
    const all = await spans();
    const before = attempts(all, 'billing.events').concat(attempts(all, 'bench.job.settle'));
    const isReplayed = (span: CollectedSpan) =>
      plainAttributes(span.attributes)['esteira.replay.id'] === replayId;
    const [first, second] = before.filter((span) => !isReplayed(span));
    const [third, fourth] = before.filter(isReplayed);
    if (first === undefined || second === undefined || third === undefined || fourth === undefined)
      throw new Error('a start has no span');
    expect(runs).toEqual([1, 2, 1, 2]);
    expect(before).toHaveLength(4);
    expect(links(first)).not.toHaveProperty('previous_start');
    expect(links(second)).toMatchObject({ previous_start: idsOf(first) });
    expect(links(third)).toMatchObject({ replay_of: idsOf(second) });
    expect(links(third)).not.toHaveProperty('previous_start');
    expect(links(fourth)).toMatchObject({ previous_start: idsOf(third) });
    expect(links(fourth)).not.toHaveProperty('replay_of');
    expect(new Set(before.map(({ traceId }) => traceId)).size).toBe(4);
    expect(second).toMatchObject({ status: { code: 2, message: 'not yet 2' } });
    expect(fourth.status.code ?? 0).toBe(0);
  });

  test('of an ordered type, whose head is tried again where it waits, are linked too', async () => {
    const settle = onInvoice({
      ...{ order: 'key', retry: { attempts: 3, backoff: '20ms' } },
      run: (_, { attempt }) => {
        if (attempt < 3) throw new Error('not yet');
      },
    });
    const { bench, esteira, spans } = await openTraced([settle]);
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await waitFor('its end', () => bench.types('job.completed').length === 1);
    const [first, second, third] = attempts(await spans(), 'billing.events');
    if (first === undefined || second === undefined || third === undefined) throw new Error('no span');
    expect(links(second)).toMatchObject({ previous_start: idsOf(first) });
    expect(links(third)).toMatchObject({ previous_start: idsOf(second) });
  });

  test('stand in the log lines of their runs', async () => {
    const { bench, esteira, spans } = await openTraced([onInvoice()]);
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await esteira.idle();
    const run = only(await spans(), 'process billing.events');
    const lines = bench.lines.map((line): Record<string, unknown> => JSON.parse(line));
    for (const name of ['job.started', 'job.completed'])
      expect(lines.find(({ msg }) => msg === name)).toMatchObject({
        ...{ trace_id: run.traceId, span_id: run.spanId },
      });
  });

  test('that run out of time say so, whatever their handler makes of it', async () => {
    const settle = onInvoice({
      ...{ attemptTimeout: '50ms', retry: { attempts: 1 } },
      run: (_, { signal }) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve('all is well'))),
    });
    const { bench, esteira, spans } = await openTraced([settle]);
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await waitFor('a dead letter', () => bench.types('job.sent_to_dlq').length === 1);
    const run = only(await spans(), 'process billing.events');
    expect(run.status.code).toBe(2);
    expect(plainAttributes(run.attributes)['error.type']).toBe('ESTEIRA_ATTEMPT_TIMEOUT');
  });
});

describe('below the span of a run are', () => {
  test("what it dispatches, calls of providers, and the handler's own spans; what follows it links to it", async () => {
    const mail = defineProvider({ name: 'mail', timeout: '1s', maxConcurrent: 1 });
    const remind = defineJob({
      ...{ type: 'remind', kind: 'reactive', order: 'none', payload: z.object({ note: z.string() }) },
      run: () => undefined,
    });
    const settle = onInvoice({
      run: async (_, ctx) => {
        const inner = trace.getTracer('app').startSpan('own work');
        await context.with(trace.setSpan(context.active(), inner), () =>
          mail.callOrFallback(
            ctx.signal,
            () => Promise.reject(Object.assign(new Error('secret@example.com refused'), { status: 503 })),
            () => 'later',
          ),
        );
        inner.end();
        await esteira.dispatch(remind, { note: 'planted' }, { tenant: 'acme' });
      },
    });
    const audit = onInvoice({ type: 'audit', on: [], after: completed(settle) });
    const { esteira, spans } = await openTraced([settle, remind, audit]);
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await esteira.idle();
    const all = await spans();
    const run = only(all, 'process billing.events');
    const own = only(all, 'own work');
    expect(own).toMatchObject({ traceId: run.traceId, parentSpanId: run.spanId });
    const call = only(all, 'call mail');
    expect(call).toMatchObject({
      kind: 3,
      traceId: run.traceId,
      parentSpanId: own.spanId,
      status: { code: 2 },
    });
    expect(plainAttributes(call.attributes)).toMatchObject({
      ...{ 'error.type': '503', 'esteira.provider.outcome': 'failed', 'esteira.provider.breaker': 'closed' },
    });
    expect(own.events.map(({ name }) => name)).toEqual(['esteira.provider.fallback']);
    const sent = only(all, 'send bench.job.remind');
    expect(sent).toMatchObject({ traceId: run.traceId, parentSpanId: run.spanId });
    expect(links(only(all, 'process bench.job.remind'))).toEqual({ created_by: idsOf(sent) });
    expect(links(only(all, 'process bench.job.audit'))).toEqual({ created_by: idsOf(run) });
    expect(JSON.stringify(all)).not.toMatch(/planted|secret@example|acme/);
  });
});

describe('a process whose sampler leaves everything out', () => {
  test('exports nothing, and says so to what comes after it', async () => {
    vi.stubEnv('OTEL_TRACES_SAMPLER', 'always_off');
    const { bench, esteira, spans } = await openTraced([onInvoice()]);
    vi.stubEnv('OTEL_TRACES_SAMPLER', 'always_off');
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await esteira.idle();
    const [record] = await bench.read('billing.events');
    expect(textHeaders(record?.headers ?? [])['traceparent']).toMatch(/-00$/);
    expect(bench.types('job.completed')).toHaveLength(1);
    expect(await spans()).toEqual([]);
  });
});

test('a collector that never answers does not make a stop fail', { timeout: 20_000 }, async () => {
  // Its step had as long as the last spans had, and came second: `esteira start` ended with 1.
  const { bench, collector, esteira } = await openTraced([onInvoice()]);
  collector.status = undefined;
  await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
  await esteira.idle();
  expect(await esteira.stop()).toBe(true);
  expect(bench.lines.join('')).toContain('tracing.shutdown_incomplete');
  await collector.close();
});

test('without tracing the chain goes on as it was', async () => {
  const bench = openBench([onInvoice()]);
  const esteira = await bench.run();
  await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme', traceparent: CALLER });
  await esteira.idle();
  const [record] = await bench.read('billing.events');
  expect(textHeaders(record?.headers ?? [])['traceparent']).toBe(CALLER);
  expect(bench.lines.join('')).not.toContain('trace_id');
});
