import {
  context,
  createNoopMeter,
  DiagLogLevel,
  diag,
  type Meter,
  metrics,
  ProxyTracerProvider,
  propagation,
  trace,
} from '@opentelemetry/api';
import { NodeSDK, resources } from '@opentelemetry/sdk-node';
import type { Log } from '../core/ports/log.ts';
import type { MetricFamilies } from './metric-families.ts';
import { createMetricsRegistry } from './prometheus.ts';
import { checkTracing, type TracingState } from './trace-self-check.ts';
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
  /** How the start-up check of tracing ended; never rejects. */
  readonly tracing: Promise<TracingState>;
  /** Sends what is left and stops; after `deadlineMs` (default 5 s) it is given up, with a log line. Safe to call twice. */
  shutdown(deadlineMs?: number): Promise<void>;
}

/** The SDK's own complaints, such as an exporter that is refused, become log lines. */
const bridgeDiagnostics = (log: Log): void => {
  const told = (level: 'warn' | 'error') => (detail: string) => log[level]('opentelemetry', { detail });
  const quiet = () => undefined;
  diag.setLogger(
    { error: told('error'), warn: told('warn'), info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
};

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
 * Spans are made by hand (see job-span.ts), so no instrumentation and no import hook is needed. The process detector
 * is left out: it would publish the command line.
 */
const startTracing = (service: string): NodeSDK => {
  const sdk = new NodeSDK({
    serviceName: service,
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
 * that one is used and left alone.
 */
export const startOpenTelemetry = (options: OpenTelemetryOptions): OpenTelemetry => {
  const { log } = options;
  bridgeDiagnostics(log);
  const registry = createMetricsRegistry();
  // The app's own instruments join /metrics, unless it has a provider of its own.
  const global = !isMeteringStarted() && metrics.setGlobalMeterProvider(registry.provider);
  const wanted = options.traces === 'environment';
  const foreign = wanted && isTracingStarted();
  const sdk = wanted && !foreign ? startTracing(options.service) : undefined;
  const stop = async (): Promise<void> => {
    if (global) metrics.disable();
    await Promise.all([registry.provider.shutdown(), sdk === undefined ? undefined : stopTracing(sdk)]);
  };
  let stopping: Promise<void> | undefined;
  return {
    meter: registry.meter,
    families: registry.families,
    metricsText: () => registry.text(),
    tracing: tracingState(sdk, foreign, options),
    shutdown: (deadlineMs = 5_000) => {
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
  sdk: NodeSDK | undefined,
  foreign: boolean,
  { log, checkDeadlineMs = 5_000 }: OpenTelemetryOptions,
): Promise<TracingState> => {
  if (foreign) return 'foreign';
  return sdk === undefined ? 'off' : checkTracing(log, checkDeadlineMs);
};
