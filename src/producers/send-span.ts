import {
  type Attributes,
  context as activeContext,
  type Context,
  isSpanContextValid,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { Envelope } from '../core/envelope.ts';
import { isEsteiraError } from '../core/errors.ts';
import { formatTraceparent, parseTraceparent } from '../core/traceparent.ts';
import { redactText } from '../security/redact.ts';

/** What is sent, as a span tells it: no payload, no record key, no tenant, no user. */
export interface SentRecord {
  readonly topic: string;
  readonly eventType: string;
  readonly eventId: string;
  readonly correlationId: string;
  /** The job that is asked for; absent for an event. */
  readonly job?: { readonly id: string; readonly type: string };
}

const attributesOf = ({ topic, eventType, eventId, correlationId, job }: SentRecord): Attributes => ({
  'messaging.system': 'kafka',
  'messaging.operation.type': 'send',
  'messaging.operation.name': 'send',
  'messaging.destination.name': topic,
  'messaging.message.id': eventId,
  'messaging.message.conversation_id': correlationId,
  'cloudevents.event_type': eventType,
  ...(job === undefined ? {} : { 'esteira.job.id': job.id, 'esteira.job.type': job.type }),
});

/** Below what the caller names, else below the span that is active. */
const parentOf = (traceparent: string | undefined): Context => {
  const ids = traceparent === undefined ? undefined : parseTraceparent(traceparent);
  const active = activeContext.active();
  return ids === undefined ? active : trace.setSpanContext(active, { ...ids, isRemote: true });
};

const markFailed = (span: Span, error: unknown): void => {
  const type = isEsteiraError(error) ? error.code : error instanceof Error ? error.name : typeof error;
  span.setAttribute('error.type', redactText(type, 64));
  span.setStatus({ code: SpanStatusCode.ERROR, message: redactText(String(error), 512) });
};

/** What is known of a chain when a record of it is about to be sent. */
type Chain = Pick<Envelope, 'traceparent'>;

/**
 * Sends a record in a span of its own (`send <topic>`, of kind producer), whose trace context the record carries: what
 * processes it links there. `given` is what the caller said the trace is. Only where the process is traced.
 */
export const withSendSpan = async <C extends Chain, T>(
  record: SentRecord,
  chain: C,
  given: string | undefined,
  send: (chain: C) => Promise<T>,
): Promise<T> => {
  const options = { kind: SpanKind.PRODUCER, attributes: attributesOf(record) };
  const span = trace.getTracer('esteira').startSpan(`send ${record.topic}`, options, parentOf(given));
  const ids = span.spanContext();
  try {
    return await send(isSpanContextValid(ids) ? { ...chain, traceparent: formatTraceparent(ids) } : chain);
  } catch (error) {
    markFailed(span, error);
    throw error;
  } finally {
    span.end();
  }
};
