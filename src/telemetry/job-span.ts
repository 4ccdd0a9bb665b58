import { type Attributes, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { isEsteiraError } from '../core/errors.ts';
import type { RecordPosition } from '../core/record.ts';
import { redactText } from '../security/redact.ts';
import { linksTo } from './active-trace.ts';

/** What a span says about one attempt. */
export interface JobSpan {
  readonly jobId: string;
  readonly jobType: string;
  readonly queue: string;
  /** From 1. */
  readonly attempt: number;
  readonly correlationId: string;
  /** The chain's trace context: the span links to it. */
  readonly traceparent?: string;
  /** The record that is run. */
  readonly position: RecordPosition;
  readonly groupId: string;
}

/** By the OpenTelemetry conventions for messaging, plus `esteira.*`; no payload, no record key. */
const attributesOf = (job: JobSpan): Attributes => ({
  'messaging.system': 'kafka',
  'messaging.operation.type': 'process',
  'messaging.operation.name': 'process',
  'messaging.destination.name': job.position.topic,
  'messaging.destination.partition.id': String(job.position.partition),
  'messaging.kafka.offset': Number(job.position.offset),
  'messaging.consumer.group.name': job.groupId,
  'messaging.message.conversation_id': job.correlationId,
  'esteira.job.id': job.jobId,
  'esteira.job.type': job.jobType,
  'esteira.job.attempt': job.attempt,
  'esteira.queue': job.queue,
});

/** The error by type and redacted message; never its stack, whose first line is the message as it was. */
const markFailed = (span: Span, error: unknown): void => {
  const type = isEsteiraError(error) ? error.code : error instanceof Error ? error.name : typeof error;
  const message = redactText(error instanceof Error ? error.message : String(error), 512);
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
};

/**
 * Runs one attempt in a span of its own, active while `run` runs. The span links to the chain instead of being its
 * child: the sampler decides about it anew, and a chain that waits for hours does not become one endless trace.
 * Costs next to nothing while tracing is off.
 */
export const withJobSpan = async <T>(job: JobSpan, run: () => T | Promise<T>): Promise<T> => {
  const tracer = trace.getTracer('esteira');
  const options = {
    kind: SpanKind.CONSUMER,
    root: true,
    links: linksTo(job.traceparent),
    attributes: attributesOf(job),
  };
  return tracer.startActiveSpan(`process ${job.position.topic}`, options, async (span) => {
    try {
      return await run();
    } catch (error) {
      markFailed(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
};
