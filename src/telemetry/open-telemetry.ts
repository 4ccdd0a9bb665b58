import {
  context,
  createNoopMeter,
  type Meter,
  metrics,
  ProxyTracerProvider,
  propagation,
  trace,
} from '@opentelemetry/api';
import { NodeSDK, resources } from '@opentelemetry/sdk-node';
import { systemClock } from '../core/clock.ts';
import type { Log } from '../core/ports/log.ts';
import { bridgeDiagnostics } from './diagnostics.ts';
import { jobSpanIds } from './job-span-ids.ts';
import type { MetricFamilies } from './metrics/metric-families.ts';
import { createMetricsRegistry } from './metrics/registry.ts';
import { checkTracing, makeTrialSpan, type TracingState, type TrialSpan } from './trace-self-check.ts';
import { withinMs } from './within.ts';

export interface OpenTelemetryOptions {
  readonly service: string;
  /** `environment`: spans leave as the standard `OTEL_*` variables say, which the SDK reads itself. Default `off`. */
  readonly traces?: 'off' | 'environment';
  readonly log: Log;
  /** How long the start-up check waits for the exporter, ms; default 5,000. It holds up nothing. */
  readonly checkDeadlineMs?: number;
}

export interface OpenTelemetry {
  /** Makes the instruments that {@link OpenTelemetry.metricsText} shows. */
  readonly meter: Meter;
  /** Numbers kept outside of the SDK that {@link OpenTelemetry.metricsText} shows too; what every job counts is there. */
  readonly families: MetricFamilies;
  /** All metrics of this process as Prometheus text. */
  metricsText(): Promise<string>;
  /** Whether spans are made here: by this tracing, or by that which the process had already. */
  readonly traced: boolean;
  /** Whether spans get the ids that Esteira asks for, so that the starts of a job can be linked. */
  readonly ownIds: boolean;
  /** How the start-up check of tracing ended; never rejects. */
  readonly tracing: Promise<TracingState>;
  /** Sends what is left and stops; after `deadlineMs` (default 4 s) it is given up, with a log line. Safe to call twice. */
  shutdown(deadlineMs?: number): Promise<void>;
}

/** Less than a step of a stop may take: that a collector is dead is no reason for it to fail. */
const LAST_SPANS_MS = 4_000;

const isTracingStarted = (): boolean => {
  const provider = trace.getTracerProvider();
  return (
    provider instanceof ProxyTracerProvider &&
    provider.getDelegate() !== new ProxyTracerProvider().getDelegate()
  );
};

/** Asked first, because registering twice is a complaint in the log. */
const isMeteringStarted = (): boolean =>
  metrics.getMeterProvider().getMeter('esteira').constructor !== createNoopMeter().constructor;

/**
 * Spans are made by hand (see job-span.ts), with ids of our own (see job-span-ids.ts), so no instrumentation and no
 * import hook is needed. The process detector is left out: it would publish the command line.
 */
const startTracing = (service: string): NodeSDK => {
  const sdk = new NodeSDK({
    serviceName: service,
    idGenerator: jobSpanIds,
    resourceDetectors: [resources.envDetector, resources.hostDetector],
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  return sdk;
};

/** Unregisters first: an exporter that never answers must not leave a dead provider behind. */
const stopTracing = (sdk: NodeSDK): Promise<void> => {
  trace.disable();
  context.disable();
  propagation.disable();
  return sdk.shutdown();
};

/**
 * Starts OpenTelemetry: metrics always, readable as text; tracing when asked. Where the process has tracing already,
 * that one is used, asked or not, and left alone.
 */
export const startOpenTelemetry = (options: OpenTelemetryOptions): OpenTelemetry => {
  const { log } = options;
  bridgeDiagnostics(log, systemClock);
  const registry = createMetricsRegistry();
  // The app's own instruments join /metrics, unless it has a provider of its own.
  const global = !isMeteringStarted() && metrics.setGlobalMeterProvider(registry.provider);
  const wanted = options.traces === 'environment';
  const foreign = isTracingStarted();
  const sdk = wanted && !foreign ? startTracing(options.service) : undefined;
  const traced = foreign || sdk !== undefined;
  const trial = traced ? makeTrialSpan() : undefined;
  if (trial?.ownIds === false)
    log.info('tracing.starts_not_linked', { detail: 'give the SDK of the app idGenerator: jobSpanIds' });
  const stop = async (): Promise<void> => {
    if (global) metrics.disable();
    await Promise.all([registry.provider.shutdown(), sdk === undefined ? undefined : stopTracing(sdk)]);
  };
  let stopping: Promise<void> | undefined;
  return {
    meter: registry.meter,
    families: registry.families,
    metricsText: () => registry.text(),
    traced,
    ownIds: trial?.ownIds ?? false,
    tracing: tracingState(trial, foreign, options),
    shutdown: (deadlineMs = LAST_SPANS_MS) => {
      stopping ??= withinMs(deadlineMs, 'the last spans were not taken', stop()).catch((error: unknown) => {
        log.warn('tracing.shutdown_incomplete', {
          error: error instanceof Error ? error.message : String(error),
        });
      });
      return stopping;
    },
  };
};

const tracingState = async (
  trial: TrialSpan | undefined,
  foreign: boolean,
  { log, checkDeadlineMs = 5_000 }: OpenTelemetryOptions,
): Promise<TracingState> => {
  if (foreign) return 'foreign';
  return trial === undefined ? 'off' : checkTracing(trial, log, checkDeadlineMs);
};
