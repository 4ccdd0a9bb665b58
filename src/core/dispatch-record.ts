import type { AppDefinition } from './app.ts';
import type { DispatchFormat } from './dispatch.ts';
import { contextHeaders, type Envelope, withJobHeaders } from './envelope.ts';
import { EsteiraError } from './errors.ts';
import type { JobEvent } from './generated/job-event.ts';
import { stepIdOf } from './ids.ts';
import { inboxFor } from './inbox.ts';
import type { JobDefinition } from './job.ts';
import { makeJobEvent, type ServiceIdentity } from './job-event.ts';
import { tierFor } from './ladder.ts';
import { names } from './names.ts';
import type { Serde } from './ports/serde.ts';
import { formatPosition, type OutgoingRecord, type RecordPosition } from './record.ts';

/** A job that is asked for: all that its record and its telemetry need. */
export interface Dispatch {
  readonly jobId: string;
  /** What it says of itself; its tenant is also its key, and its time, epoch ms, when it was asked for. */
  readonly context: Envelope & { readonly tenant: string; readonly eventTimeMs: number };
  readonly priority: number;
  /** Epoch ms before which it does not start; absent without a delay. */
  readonly dueMs?: number;
  readonly orderKey?: string | undefined;
}

/** How the content of its record is called, for a payload in this format. */
export const contentTypeOf = ({ kind }: DispatchFormat): string =>
  kind === 'json' ? 'application/json' : 'application/avro';

const jsonOf = (payload: unknown): string | undefined => {
  try {
    return JSON.stringify(payload);
  } catch {
    // The platform's error names what stands in the payload; that there is no JSON of it is all that matters.
    return undefined;
  }
};

/**
 * A payload as it arrives: JSON leaves out or changes some of what a program can hold, such as a Date, which becomes text.
 *
 * @throws EsteiraError ESTEIRA_PAYLOAD_INVALID where there is no JSON of it.
 */
export const asItArrives = (format: DispatchFormat, payload: unknown, what: string): unknown => {
  if (format.kind !== 'json') return payload;
  const json = jsonOf(payload);
  if (json !== undefined) return JSON.parse(json);
  throw new EsteiraError(
    'ESTEIRA_PAYLOAD_INVALID',
    `${what}: the payload cannot be written as JSON: give an object of texts, numbers, booleans, lists and null`,
  );
};

/** The bytes of a payload as {@link asItArrives} gave it. @throws as {@link Serde.encode} */
export const encodeDispatch = (
  serde: Serde,
  format: DispatchFormat,
  payload: unknown,
): Buffer | Promise<Buffer> => {
  if (format.kind === 'json') return Buffer.from(JSON.stringify(payload), 'utf8');
  return serde.encode(format.kind === 'avro' ? format.contract : format.event.contract, payload);
};

/** Where a dispatch is written: its inbox, or the largest tier that does not overshoot what is left to wait. */
const targetTopic = (app: AppDefinition, inbox: string, leftMs: number): string => {
  if (leftMs <= 0) return inbox;
  const tierMs = tierFor(app.ladderMs, leftMs) ?? app.ladderMs[0];
  if (tierMs !== undefined) return names.tier(app.name, tierMs);
  throw new EsteiraError(
    'ESTEIRA_DEFINITION_INVALID',
    `app ${app.name} has no delay tier: add tiers to defineApp`,
  );
};

/** The record that asks for a job; at `nowMs`, from which what is left of its delay counts. @throws EsteiraError ESTEIRA_DEFINITION_INVALID for a delay in an app without tiers. */
export const dispatchRecord = (
  app: AppDefinition,
  job: JobDefinition<unknown>,
  dispatch: Dispatch,
  value: Buffer,
  nowMs: number,
): OutgoingRecord => {
  const { jobId, context, priority, dueMs, orderKey } = dispatch;
  const inbox = inboxFor(app.name, job, context.tenant, priority);
  return {
    topic: targetTopic(app, inbox, (dueMs ?? nowMs) - nowMs),
    key: Buffer.from(context.tenant, 'utf8'),
    value,
    headers: withJobHeaders(contextHeaders(context), {
      ...{ id: jobId, type: job.type, attempt: 1, starts: 0, hop: 0, priority, replayCount: 0 },
      ...(dueMs === undefined ? {} : { dueMs, target: inbox }),
      ...(orderKey === undefined ? {} : { orderKey }),
    }),
    timestampMs: nowMs,
    ...(orderKey === undefined ? {} : { partitionKey: Buffer.from(orderKey, 'utf8') }),
  };
};

/** What is told of a dispatch that was written; `dimensions` are those its job type declares. Its id is made of the job's: told twice, it is the same event. */
export const dispatchedEvent = (
  job: JobDefinition<unknown>,
  identity: ServiceIdentity,
  { jobId, context, dueMs }: Dispatch,
  position: RecordPosition,
  dimensions: Readonly<Record<string, string>> = {},
): JobEvent =>
  makeJobEvent(job, identity, 'job.dispatched', stepIdOf(jobId, '0'), {
    time: context.eventTimeMs,
    jobId,
    tenantId: context.tenant,
    userId: context.userId ?? null,
    correlationId: context.correlationId ?? '',
    causationId: context.causationId ?? context.eventId ?? null,
    traceparent: context.traceparent ?? null,
    origin: dueMs === undefined ? formatPosition(position) : '',
    hop: 0,
    dueAt: dueMs ?? null,
    dimensions,
  });
