import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { expect, onTestFinished, test, vi } from 'vitest';
import { withinSentSpan } from '../../../../src/consumers/isolation/thread-log.ts';
import { formatTraceparent } from '../../../../src/core/traceparent.ts';
import { start } from '../../../../src/index.ts';
import { startOpenTelemetry } from '../../../../src/telemetry/open-telemetry.ts';
import { invoice } from '../../../support/invoices.ts';
import { recordingLog } from '../../../support/recording-log.ts';
import { ROOT } from '../../../support/source-files.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { startOtlpCollector } from '../../telemetry/otlp-collector.ts';

const ledger = join(temporaryFolder('isolated'), 'ledger');
Object.assign(process.env, {
  ISOLATED_NS: 'isolated',
  ISOLATED_TIMEOUT_MS: '30000',
  ISOLATED_LEDGER: ledger,
});
const { default: app, isolatedEvent } = await import('../../../support/isolated-app.ts');
const appModule = pathToFileURL(join(ROOT, 'test/support/isolated-app.ts'));

/** Where spans go, for as long as the test lasts. */
const collected = async () => {
  const collector = await startOtlpCollector();
  onTestFinished(() => collector.close());
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  return { collector, environment };
};

test('what a handler says in its thread stands in the log of the process, with its job and its span', {
  timeout: 60_000,
}, async () => {
  const { collector, environment } = await collected();
  const written: string[] = [];
  const esteira = await start(app, {
    environment: { ...environment, LOG_LEVEL: 'info', WORKER_SHUTDOWN_GRACE_SECONDS: '1' },
    logTo: { write: (line) => written.push(line) },
    appModule,
  });
  await esteira.publish(isolatedEvent, invoice('log'), { tenant: 'tenant-00', userId: 'user-7' });
  await esteira.idle({ timeoutMs: 40_000 });
  // The next job runs in the same thread: what the first says late must not stand under its name.
  await esteira.publish(isolatedEvent, invoice('where'), { tenant: 'tenant-01' });
  await esteira.idle({ timeoutMs: 40_000 });
  await esteira.stop();

  const lines = written.map((line): Record<string, unknown> => JSON.parse(line));
  const run = collector.spans.find(
    ({ name, attributes }) => name.startsWith('process ') && JSON.stringify(attributes).includes('crunch'),
  );
  expect(lines.filter(({ msg }) => msg === 'in a thread')).toMatchObject([
    {
      ...{ task: 'crunch', organizationId: 'tenant-00', userId: 'user-7', attempt: 1 },
      ...{ rows: 7, payload: '[left out]', trace_id: run?.traceId, span_id: run?.spanId },
    },
  ]);
  expect(lines.filter(({ msg }) => msg === 'log.value_left_out')).toHaveLength(1);
  expect(lines.filter(({ msg }) => msg === 'too quiet' || msg === 'too late')).toEqual([]);
  expect(written.join('')).not.toContain('planted');
  const noted = readFileSync(ledger, 'utf8')
    .split('\n')
    .find((line) => line.startsWith('context '));
  expect(JSON.parse(noted?.slice(8) ?? '{}')).toMatchObject({
    ...{ task: 'crunch', organizationId: 'tenant-00', trace_id: run?.traceId, span_id: run?.spanId },
  });
});

test('where the thread has tracing of its own, its spans lie below the span of the run', async () => {
  await collected();
  const telemetry = startOpenTelemetry({ service: 'thread', traces: 'environment', log: recordingLog() });
  onTestFinished(() => telemetry.shutdown());
  const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
  const telling = { logContext: {}, quiet: [], span: formatTraceparent(ids) };
  const seen = context.with(ROOT_CONTEXT, () =>
    withinSentSpan(telling, () => trace.getTracer('app').startSpan('own').spanContext()),
  );
  expect(seen).toMatchObject({ traceId: ids.traceId });
  expect(withinSentSpan({ ...telling, span: undefined }, () => 'runs')).toBe('runs');
});
