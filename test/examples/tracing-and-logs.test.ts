import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../support/source-files.ts';
import { type CollectedSpan, startOtlpCollector } from '../unit/telemetry/otlp-collector.ts';

const FILE = 'test/support/traced-app.ts';
const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

test('the code of the guide to tracing and logs is the program that runs here', () => {
  const [, code = ''] = /```ts app\.ts\n(.*?)```/s.exec(text('docs/guides/tracing-and-logs.md')) ?? [];
  expect(code).toBe(text(FILE).replace("'../../src/index.ts'", "'esteira'"));
});

test('its spans arrive, one below the other, and every line of its handler says whose it is', {
  timeout: 60_000,
}, async () => {
  const collector = await startOtlpCollector();
  onTestFinished(() => collector.close());
  const { PATH } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', join(ROOT, FILE)], {
    env: { ...(PATH === undefined ? {} : { PATH }), OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    timeout: 50_000,
  });
  const span = (name: string): CollectedSpan => {
    const found = collector.spans.find((one) => one.name === name);
    if (found === undefined)
      throw new Error(`no span ${name} among ${collector.spans.map((one) => one.name)}`);
    return found;
  };
  const run = span('process billing.job.send-receipt');
  expect(span('call mail')).toMatchObject({ traceId: run.traceId, parentSpanId: run.spanId });
  expect(run.links).toMatchObject([{ spanId: span('send billing.job.send-receipt').spanId }]);

  const lines = stdout
    .trim()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line));
  const whose = {
    ...{ jobClass: 'SendReceiptJob', organizationId: 'acme', userId: 'user-7', task: 'send-receipt' },
    ...{ attempt: 1, queue: 'default', trace_id: run.traceId },
  };
  const said = (message: string) => lines.filter(({ msg }) => msg === message);
  expect(said('receipt asked for')).toMatchObject([{ ...whose, receiptId: 'r-1', span_id: run.spanId }]);
  expect(said('receipt sent')).toMatchObject([{ ...whose, receiptId: 'r-1', span_id: run.spanId }]);
  expect(said('job.completed')).toMatchObject([{ trace_id: run.traceId, span_id: run.spanId }]);
});
