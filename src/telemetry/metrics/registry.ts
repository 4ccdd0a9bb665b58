import type { Meter } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { metrics as sdkMetrics } from '@opentelemetry/sdk-node';
import { MetricFamilies } from './metric-families.ts';

/** Metrics of one process, read as Prometheus text. */
export interface MetricsRegistry {
  readonly provider: sdkMetrics.MeterProvider;
  readonly meter: Meter;
  /** Numbers kept outside of the SDK, shown beside its own. */
  readonly families: MetricFamilies;
  /** All metrics in the Prometheus text format, version 0.0.4. */
  text(): Promise<string>;
}

/**
 * A registry of its own, apart from what the app may have registered with OpenTelemetry, so that `/metrics` is never
 * empty because someone else was first. The exporter's own server is not started: the health server serves the text.
 */
export const createMetricsRegistry = (): MetricsRegistry => {
  const families = new MetricFamilies();
  const reader = new PrometheusExporter({ preventServerStart: true, metricProducers: [families] });
  const provider = new sdkMetrics.MeterProvider({ readers: [reader] });
  // Neither target_info, which would publish the host and the process, nor a scope label on every series.
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  return {
    provider,
    families,
    meter: provider.getMeter('esteira'),
    text: async () => serializer.serialize((await reader.collect()).resourceMetrics),
  };
};
