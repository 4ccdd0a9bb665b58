import { isSpanContextValid, type Link, type SpanContext, trace } from '@opentelemetry/api';
import { isTraceparent } from '../core/traceparent.ts';

/** The W3C trace context of the span that is active here; undefined when there is none. */
export const currentTraceparent = (): string | undefined => {
  const context = trace.getActiveSpan()?.spanContext();
  if (context === undefined || !isSpanContextValid(context)) return undefined;
  const flags = context.traceFlags.toString(16).padStart(2, '0');
  return `00-${context.traceId}-${context.spanId}-${flags}`;
};

/** Reads a W3C trace context; undefined for a text that is none, or whose ids are all zero. */
const spanContextOf = (traceparent: string): SpanContext | undefined => {
  if (!isTraceparent(traceparent)) return undefined;
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  const context: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(context) ? context : undefined;
};

/** A link to the span that a record came from; none when the record told no valid one. */
export const linksTo = (traceparent: string | undefined): Link[] => {
  const context = traceparent === undefined ? undefined : spanContextOf(traceparent);
  return context === undefined ? [] : [{ context }];
};
