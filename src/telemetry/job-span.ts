import { type Attributes, type Link, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { isEsteiraError } from '../core/errors.ts';
import type { RecordPosition } from '../core/record.ts';
import { startSpan } from '../core/start-span.ts';
import { parseTraceparent, type TraceIds } from '../core/traceparent.ts';
import { redactText } from '../security/redact.ts';
import { withSpanIds } from './job-span-ids.ts';

/** What a span says about one start of a job. */
export interface JobSpan {
  readonly jobId: string;
  readonly jobType: string;
  readonly queue: string;
  /** From 1. */
  readonly attempt: number;
  /** Which start it is, from 1; a replay counts anew. */
  readonly starts: number;
  readonly correlationId: string;
  /** The trace context of the record: the span links to it. */
  readonly traceparent?: string | undefined;
  /** The replay it belongs to. */
  readonly replayId?: string | undefined;
  /** The trace context of the last start before the replay. */
  readonly diedIn?: string | undefined;
  /** The record that is run. */
  readonly position: RecordPosition;
  readonly groupId: string;
}

/** What a sampler may decide by; the rest is worked out only for spans that are recorded. */
const sampledBy = (job: JobSpan): Attributes => ({
  'messaging.system': 'kafka',
  'messaging.operation.type': 'process',
  'messaging.destination.name': job.position.topic,
  'esteira.job.type': job.jobType,
  'esteira.job.attempt': job.attempt,
  'esteira.queue': job.queue,
});

/** By the OpenTelemetry conventions for messaging, plus `esteira.*`; no payload, no record key, no tenant, no user. */
const attributesOf = (job: JobSpan): Attributes => ({
  'messaging.operation.name': 'process',
  'messaging.destination.partition.id': String(job.position.partition),
  'messaging.kafka.offset': Number(job.position.offset),
  'messaging.consumer.group.name': job.groupId,
  'messaging.message.conversation_id': job.correlationId,
  'esteira.job.id': job.jobId,
  'esteira.job.starts': job.starts,
  ...(job.replayId === undefined ? {} : { 'esteira.replay.id': job.replayId }),
});

/** What a link stands for: the making of the record, the start before this one, or the one that ended in the DLQ. */
type LinkKind = 'created_by' | 'previous_start' | 'replay_of';

const linkTo = (kind: LinkKind, ids: TraceIds | undefined): Link[] =>
  ids === undefined ? [] : [{ context: { ...ids, isRemote: true }, attributes: { 'esteira.link': kind } }];

const parsed = (traceparent: string | undefined): TraceIds | undefined =>
  traceparent === undefined ? undefined : parseTraceparent(traceparent);

/** Links to other starts lead to spans only where those have the ids that are worked out here. */
const linksOf = (job: JobSpan, ownIds: boolean): Link[] => {
  const created = linkTo('created_by', parsed(job.traceparent));
  if (!ownIds) return created;
  const before =
    job.starts > 1
      ? linkTo('previous_start', startSpan({ ...job, starts: job.starts - 1 }))
      : linkTo('replay_of', parsed(job.diedIn));
  return [...created, ...before];
};

/** The error by type and redacted message; never its stack, whose first line is the message as it was. */
const markFailed = (span: Span, error: unknown): void => {
  const type = isEsteiraError(error) ? error.code : error instanceof Error ? error.name : typeof error;
  const message = redactText(error instanceof Error ? error.message : String(error), 512);
  span.setAttribute('error.type', redactText(type, 64));
  span.setStatus({ code: SpanStatusCode.ERROR, message });
};

/**
 * Runs one start in a span of its own, active while `run` runs. The span links to the making of the record and to the
 * start before it instead of being their child: the sampler decides about it anew, and a job that waits for hours does
 * not become one endless trace. `ownIds`: whether the tracing of the process takes its ids from `jobSpanIds`.
 */
export const withJobSpan = async <T>(
  job: JobSpan,
  ownIds: boolean,
  run: () => T | Promise<T>,
): Promise<T> => {
  const tracer = trace.getTracer('esteira');
  const options = { kind: SpanKind.CONSUMER, root: true, attributes: sampledBy(job) };
  const work = async (span: Span): Promise<T> => {
    if (span.isRecording()) span.setAttributes(attributesOf(job)).addLinks(linksOf(job, ownIds));
    try {
      return await run();
    } catch (error) {
      markFailed(span, error);
      throw error;
    } finally {
      span.end();
    }
  };
  const name = `process ${job.position.topic}`;
  if (!ownIds) return tracer.startActiveSpan(name, options, work);
  return withSpanIds(startSpan(job), () => tracer.startActiveSpan(name, options, work));
};
