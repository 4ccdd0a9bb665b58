import type { AppDefinition } from '../core/app.ts';
import { type DispatchFormat, dispatchFormat } from '../core/dispatch.ts';
import {
  asItArrives,
  contentTypeOf,
  type Dispatch,
  dispatchedEvent,
  dispatchRecord,
  encodeDispatch,
} from '../core/dispatch-record.ts';
import { type Duration, durationMs } from '../core/duration.ts';
import { EsteiraError } from '../core/errors.ts';
import { jobIdOf, randomId } from '../core/ids.ts';
import type { JobDefinition } from '../core/job.ts';
import type { JobTelemetry } from '../core/ports/telemetry.ts';
import type { RecordPosition } from '../core/record.ts';
import { checkPriority } from '../core/trigger.ts';
import { declaredDimensions } from '../security/told-dimensions.ts';
import { type OriginOptions, originContext } from './context.ts';
import { type ProducerParts, sendOrSayUnknown } from './event-publisher.ts';
import { admitPayload, requireTenant } from './gate.ts';
import { withSendSpan } from './send-span.ts';

export interface DispatchOptions extends OriginOptions {
  readonly tenant: string;
  /** What makes the dispatch repeatable: the same id is the same job. Default: a random UUID. */
  readonly id?: string;
  /** How long to wait before the job may start; default none. */
  readonly delay?: Duration;
  /** 1 (first) to 10; default 5. 1 to 3 start ahead of a backlog, where the job type has a high lane. */
  readonly priority?: number;
  /** How long to wait for the acknowledgement, ms; default 30,000. */
  readonly deadlineMs?: number;
}

/** A job that has been asked for, for good. */
export interface DispatchedJob {
  readonly id: string;
  readonly type: string;
  readonly correlationId: string;
  /** Epoch ms before which it does not start; absent without a delay. */
  readonly dueMs?: number;
}

export interface DispatcherParts extends ProducerParts {
  readonly telemetry: JobTelemetry;
  readonly host: string;
}

/**
 * What arrives of a payload is what must pass the check and the guard, not what the caller has.
 *
 * @throws EsteiraError ESTEIRA_PAYLOAD_INVALID, ESTEIRA_PAYLOAD_HOLDS_SECRET
 */
const admitted = (format: DispatchFormat, payload: unknown, what: string): unknown => {
  const arriving = asItArrives(format, payload, what);
  admitPayload(format.check, arriving, what);
  return arriving;
};

const requireFormat = (app: AppDefinition, job: JobDefinition<unknown>): DispatchFormat => {
  const known = app.jobs.find(({ type }) => type === job.type);
  if (known === undefined) {
    throw new EsteiraError(
      'ESTEIRA_JOB_TYPE_UNKNOWN',
      `job type ${job.type} is not among the jobs of app ${app.name}: add it to defineApp({ jobs })`,
      { facts: { jobType: job.type } },
    );
  }
  const format = dispatchFormat(app.name, known);
  if (format !== undefined) return format;
  throw new EsteiraError(
    'ESTEIRA_DEFINITION_INVALID',
    `job ${job.type} cannot be dispatched: it says no payload contract; add payload (a Zod schema, or { avro, check })`,
    { facts: { jobType: job.type } },
  );
};

/** Writes the record; `sent` is the dispatch with the trace context that its record carries. */
const sendDispatch = async (
  { app, producer, traced = false }: DispatcherParts,
  job: JobDefinition<unknown>,
  dispatch: Dispatch,
  value: Buffer,
  { deadlineMs, traceparent }: DispatchOptions,
): Promise<{ readonly position: RecordPosition; readonly sent: Dispatch }> => {
  const { context, jobId } = dispatch;
  const { eventId = '', eventType = '', correlationId = eventId, eventTimeMs } = context;
  const send = async (told: Dispatch['context']) => {
    const sent = { ...dispatch, context: told };
    const record = dispatchRecord(app, job, sent, value, eventTimeMs);
    const about = {
      id: eventId,
      name: `job ${job.type}`,
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
    };
    return { position: await sendOrSayUnknown(producer, record, about), sent };
  };
  if (!traced) return send(context);
  const { topic } = dispatchRecord(app, job, dispatch, value, eventTimeMs);
  const about = { topic, eventType, eventId, correlationId, job: { id: jobId, type: job.type } };
  return withSendSpan(about, context, traceparent, send);
};

/** Dispatches jobs. */
export const createJobDispatcher = (parts: DispatcherParts) => {
  const { app, serde, clock, service, telemetry } = parts;

  /**
   * Asks for a job; resolves when it is on its inbox (or delay tier) and told on the telemetry topic.
   *
   * @throws EsteiraError ESTEIRA_JOB_TYPE_UNKNOWN, ESTEIRA_DEFINITION_INVALID (no payload contract, bad delay or
   *   priority), and what publishing throws.
   */
  return async <P>(job: JobDefinition<P>, payload: P, options: DispatchOptions): Promise<DispatchedJob> => {
    const format = requireFormat(app, job);
    const what = `job ${job.type}`;
    const tenant = requireTenant(options?.tenant, what);
    const priority = checkPriority(options.priority ?? 5, what);
    const delayMs = durationMs(options.delay ?? 0, `${what}: delay`);
    const arriving = admitted(format, payload, what);
    const eventId = options.id ?? randomId();
    const nowMs = clock.nowMs();
    const dispatch: Dispatch = {
      jobId: jobIdOf(app.name, job.type, service, eventId),
      context: {
        ...originContext(eventId, options),
        eventId,
        eventType: format.type,
        source: service,
        eventTimeMs: nowMs,
        tenant,
        contentType: contentTypeOf(format),
      },
      priority,
      ...(delayMs > 0 ? { dueMs: nowMs + delayMs } : {}),
      orderKey: job.orderingKey(payload),
    };
    const value = await encodeDispatch(serde, format, arriving);
    const { position, sent } = await sendDispatch(parts, job, dispatch, value, options);
    const event = dispatchedEvent(job, parts, sent, position, declaredDimensions(job, arriving));
    telemetry.observe(event);
    await telemetry.append(telemetry.encode(event));
    return {
      id: dispatch.jobId,
      type: job.type,
      correlationId: dispatch.context.correlationId ?? eventId,
      ...(dispatch.dueMs === undefined ? {} : { dueMs: dispatch.dueMs }),
    };
  };
};
