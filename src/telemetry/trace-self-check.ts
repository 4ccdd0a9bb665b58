import { ProxyTracerProvider, SpanKind, trace } from '@opentelemetry/api';
import type { Log } from '../core/ports/log.ts';
import { startSpan } from '../core/start-span.ts';
import { withSpanIds } from './job-span-ids.ts';
import { withinMs } from './within.ts';

/**
 * `off`: no exporter is configured. `exporting`: a span was made and taken by the exporter. `failing`: it was not.
 * `unsampled`: the sampler left out the trial span, so nothing is known. `foreign`: the app had started tracing itself.
 */
export type TracingState = 'off' | 'exporting' | 'failing' | 'unsampled' | 'foreign';

/** What a first span tells of the tracing of a process. */
export interface TrialSpan {
  /** Whether it is recorded; the sampler may leave it out. */
  readonly sampled: boolean;
  /** Whether it has the ids that were asked for: then the starts of a job can be linked. */
  readonly ownIds: boolean;
}

interface Flushable {
  forceFlush(): Promise<void>;
}

const isFlushable = (provider: object): provider is Flushable =>
  'forceFlush' in provider && typeof provider.forceFlush === 'function';

/** The provider behind the API's proxy; only the SDK's own can be flushed. */
const flushable = (): Flushable | undefined => {
  const provider = trace.getTracerProvider();
  const actual: object = provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;
  return isFlushable(actual) ? actual : undefined;
};

const errorText = (error: unknown): string => {
  const first: unknown = Array.isArray(error) ? error[0] : error;
  return first instanceof Error ? first.message : String(first);
};

/** Makes a span and ends it. */
export const makeTrialSpan = (): TrialSpan => {
  const ids = startSpan({ jobId: 'start-up', starts: process.pid });
  const span = withSpanIds(ids, () =>
    trace.getTracer('esteira').startSpan('esteira start-up check', { kind: SpanKind.INTERNAL, root: true }),
  );
  const trial = { sampled: span.isRecording(), ownIds: span.spanContext().spanId === ids.spanId };
  span.end();
  return trial;
};

/** Waits until the exporter has taken the trial span. Never throws: a deaf exporter must not stop the jobs. */
export const checkTracing = async (
  { sampled }: TrialSpan,
  log: Log,
  deadlineMs: number,
): Promise<TracingState> => {
  const provider = flushable();
  if (provider === undefined) return 'off';
  if (!sampled) return 'unsampled';
  try {
    await withinMs(deadlineMs, 'the span exporter did not answer', provider.forceFlush());
    return 'exporting';
  } catch (error) {
    log.warn('tracing.not_exporting', { error: errorText(error), deadlineMs });
    return 'failing';
  }
};
