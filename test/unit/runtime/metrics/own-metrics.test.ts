import { type Histogram, metrics } from '@opentelemetry/api';
import { metrics as sdkMetrics } from '@opentelemetry/sdk-node';
import { expect, onTestFinished, test } from 'vitest';
import { defineApp, start } from '../../../../src/index.ts';
import { invoice } from '../../../support/invoices.ts';
import { type Scrape, scrape } from '../../../support/metered-app.ts';
import { invoicePaid, onInvoice } from '../../consumers/bench.ts';

/** An app whose handler measures something of its own; the scrape after its job. */
const runOne = async (): Promise<Scrape> => {
  let reading: Histogram | undefined;
  const settle = onInvoice({
    run: () => {
      reading ??= metrics.getMeter('billing').createHistogram('invoice_reading_seconds', {
        description: 'How long it took to read an invoice.',
        unit: 's',
        advice: { explicitBucketBoundaries: [0.01, 0.1, 1] },
      });
      reading.record(0.05, { currency: 'a "quoted" \\ one\nof two lines' });
    },
  });
  const tenants = { resolve: async (id: string) => ({ id }) };
  const app = defineApp({ name: 'own', events: [invoicePaid], jobs: [settle], tenants });
  const esteira = await start(app, { environment: { LOG_LEVEL: 'silent', HEALTH_PORT: '0' }, health: true });
  onTestFinished(async () => {
    await esteira.stop();
  });
  await esteira.publish(invoicePaid, invoice('one'), { tenant: 'acme' });
  await esteira.idle();
  return scrape(esteira.healthPort);
};

test('what a handler measures with OpenTelemetry stands at /metrics, with its unit, buckets and odd labels', async () => {
  const { text } = await runOne();
  const labels = 'currency="a \\"quoted\\" \\\\ one\\nof two lines"';
  expect(text).toContain('# UNIT invoice_reading_seconds s');
  expect(text).toContain('# TYPE invoice_reading_seconds histogram');
  expect(text).toContain(`invoice_reading_seconds_bucket{${labels},le="0.01"} 0`);
  expect(text).toContain(`invoice_reading_seconds_bucket{${labels},le="0.1"} 1`);
  expect(text).toContain(`invoice_reading_seconds_count{${labels}} 1`);
});

test('an app with a provider of its own keeps its instruments there, and /metrics has those of Esteira', async () => {
  const reader = new sdkMetrics.PeriodicExportingMetricReader({
    exporter: new sdkMetrics.InMemoryMetricExporter(sdkMetrics.AggregationTemporality.CUMULATIVE),
    exportIntervalMillis: 3_600_000,
  });
  const provider = new sdkMetrics.MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  onTestFinished(async () => {
    metrics.disable();
    await provider.shutdown();
  });
  const { text, value } = await runOne();
  expect(text).not.toContain('invoice_reading_seconds');
  expect(value('job_attempts_total', { job_type: 'settle', status: 'success' })).toBe(1);
  const { resourceMetrics } = await reader.collect();
  const names = resourceMetrics.scopeMetrics.flatMap((scope) =>
    scope.metrics.map(({ descriptor }) => descriptor.name),
  );
  expect(names).toEqual(['invoice_reading_seconds']);
});
