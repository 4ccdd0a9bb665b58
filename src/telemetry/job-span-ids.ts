import { tracing } from '@opentelemetry/sdk-node';
import type { TraceIds } from '../core/traceparent.ts';

const random = new tracing.RandomIdGenerator();

/** Ids for the next span that is made; each is taken once. */
let traceId: string | undefined;
let spanId: string | undefined;

/**
 * Makes the ids of spans: those of a start of a job as everybody can work them out, all others at random. Esteira's own
 * tracing has it; an app that starts tracing itself gives it to its SDK (`new NodeSDK({ idGenerator: jobSpanIds })`), so
 * that the starts of one job are linked.
 */
export const jobSpanIds: tracing.IdGenerator = {
  generateTraceId: () => {
    const given = traceId ?? random.generateTraceId();
    traceId = undefined;
    return given;
  },
  generateSpanId: () => {
    const given = spanId ?? random.generateSpanId();
    spanId = undefined;
    return given;
  },
};

/** Makes a span that gets these ids, where the tracing of the process takes its ids from {@link jobSpanIds}. */
export const withSpanIds = <T>(ids: TraceIds, makeSpan: () => T): T => {
  ({ traceId, spanId } = ids);
  try {
    return makeSpan();
  } finally {
    traceId = undefined;
    spanId = undefined;
  }
};
