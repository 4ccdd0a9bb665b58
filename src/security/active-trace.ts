import { isSpanContextValid, trace } from '@opentelemetry/api';
import { formatTraceparent } from '../core/traceparent.ts';

/** The ids of a span as log lines carry them. */
export interface ActiveTrace {
  readonly trace_id: string;
  readonly span_id: string;
}

const activeSpan = () => {
  const context = trace.getActiveSpan()?.spanContext();
  return context !== undefined && isSpanContextValid(context) ? context : undefined;
};

/** The span that is active here; undefined when there is none. */
export const activeTrace = (): ActiveTrace | undefined => {
  const span = activeSpan();
  return span === undefined ? undefined : { trace_id: span.traceId, span_id: span.spanId };
};

/** The W3C trace context of the span that is active here; undefined when there is none. */
export const activeTraceparent = (): string | undefined => {
  const span = activeSpan();
  return span === undefined ? undefined : formatTraceparent(span);
};
