import type { Environment } from './environment.ts';

const SWITCHES = [
  'OTEL_TRACES_EXPORTER',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
] as const;

/** The standard OpenTelemetry variables that are looked at here. */
export const TRACING_VARIABLES: readonly string[] = [...SWITCHES, 'OTEL_SDK_DISABLED'];

/** Whether the standard OpenTelemetry variables ask for traces; the SDK reads the variables themselves. */
export const wantsTraces = (env: Environment): boolean =>
  env['OTEL_SDK_DISABLED'] !== 'true' &&
  env['OTEL_TRACES_EXPORTER'] !== 'none' &&
  SWITCHES.some((name) => (env[name] ?? '') !== '');
