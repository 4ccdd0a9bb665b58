import type { AppDefinition } from '../core/app.ts';
import { type DispatchFormat, dispatchFormat } from '../core/dispatch.ts';
import { type Duration, durationMs } from '../core/duration.ts';
import { contextHeaders, type Envelope, type JobHeaders, withJobHeaders } from '../core/envelope.ts';
import { EsteiraError } from '../core/errors.ts';
import type { JobEvent } from '../core/generated/job-event.ts';
import { jobIdOf, randomId, stepIdOf } from '../core/ids.ts';
import { inboxFor } from '../core/inbox.ts';
import { checkPriority, type JobDefinition } from '../core/job.ts';
import { makeJobEvent } from '../core/job-event.ts';
import { tierFor } from '../core/ladder.ts';
import { names } from '../core/names.ts';
import type { Serde } from '../core/ports/serde.ts';
import type { JobTelemetry } from '../core/ports/telemetry.ts';
import { formatPosition, type OutgoingRecord } from '../core/record.ts';
import { type OriginOptions, originContext } from './context.ts';
import { type ProducerParts, sendOrSayUnknown } from './event-publisher.ts';
import { admitPayload, requireTenant } from './gate.ts';

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

const jsonOf = (payload: unknown): string | undefined => {
  try {
    return JSON.stringify(payload);
  } catch {
    // The platform's error names what stands in the payload; that there is no JSON of it is all that matters.
    return undefined;
  }
};

/** JSON leaves out or changes some of what a program can hold: a Date becomes text. */
const asItArrives = (format: DispatchFormat, payload: unknown, what: string): unknown => {
  if (format.kind !== 'json') return payload;
  const json = jsonOf(payload);
  if (json !== undefined) return JSON.parse(json);
  throw new EsteiraError(
    'ESTEIRA_PAYLOAD_INVALID',
    `${what}: the payload cannot be written as JSON: give an object of texts, numbers, booleans, lists and null`,
  );
};

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

const encodeDispatch = (serde: Serde, format: DispatchFormat, payload: unknown): Buffer | Promise<Buffer> => {
  if (format.kind === 'json') return Buffer.from(JSON.stringify(payload), 'utf8');
  return serde.encode(format.kind === 'avro' ? format.contract : format.event.contract, payload);
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

/** Where a dispatch is written: its inbox, or the largest tier that does not overshoot its delay. */
const targetTopic = (app: AppDefinition, inbox: string, delayMs: number): string => {
  if (delayMs <= 0) return inbox;
  const tierMs = tierFor(app.ladderMs, delayMs) ?? app.ladderMs[0];
  if (tierMs !== undefined) return names.tier(app.name, tierMs);
  throw new EsteiraError(
    'ESTEIRA_DEFINITION_INVALID',
    `app ${app.name} has no delay tier: add tiers to defineApp`,
  );
};

const dispatchedEvent = (
  parts: DispatcherParts,
  job: JobDefinition<unknown>,
  headers: JobHeaders,
  context: Envelope,
  origin: string,
): JobEvent =>
  makeJobEvent(job, parts, 'job.dispatched', stepIdOf(headers.id, '0'), {
    time: context.eventTimeMs ?? parts.clock.nowMs(),
    jobId: headers.id,
    tenantId: context.tenant ?? '',
    userId: context.userId ?? null,
    correlationId: context.correlationId ?? '',
    causationId: context.causationId ?? null,
    traceparent: context.traceparent ?? null,
    origin,
    hop: 0,
    dueAt: headers.dueMs ?? null,
  });

/** Dispatches jobs. */
export const createJobDispatcher = (parts: DispatcherParts) => {
  const { app, producer, serde, clock, service, telemetry } = parts;

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
    const context: Envelope = {
      ...originContext(eventId, options),
      eventId,
      eventType: format.type,
      source: service,
      eventTimeMs: nowMs,
      tenant,
      contentType: format.kind === 'json' ? 'application/json' : 'application/avro',
    };
    const inbox = inboxFor(app.name, job, tenant, priority);
    const headers: JobHeaders = {
      id: jobIdOf(app.name, job.type, service, eventId),
      type: job.type,
      attempt: 1,
      starts: 0,
      hop: 0,
      priority,
      replayCount: 0,
      ...(delayMs > 0 ? { dueMs: nowMs + delayMs, target: inbox } : {}),
    };
    const orderKey = job.orderingKey(payload);
    const record: OutgoingRecord = {
      topic: targetTopic(app, inbox, delayMs),
      key: Buffer.from(tenant, 'utf8'),
      value: await encodeDispatch(serde, format, arriving),
      headers: withJobHeaders(contextHeaders(context), {
        ...headers,
        ...(orderKey === undefined ? {} : { orderKey }),
      }),
      timestampMs: nowMs,
      ...(orderKey === undefined ? {} : { partitionKey: Buffer.from(orderKey, 'utf8') }),
    };
    const position = await sendOrSayUnknown(producer, record, {
      id: eventId,
      name: what,
      ...(options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
    });
    const event = dispatchedEvent(parts, job, headers, context, delayMs > 0 ? '' : formatPosition(position));
    telemetry.observe(event);
    await telemetry.append(telemetry.encode(event));
    return {
      id: headers.id,
      type: job.type,
      correlationId: context.correlationId ?? eventId,
      ...(headers.dueMs === undefined ? {} : { dueMs: headers.dueMs }),
    };
  };
};
