import type { AppDefinition } from '../core/app.ts';
import { dispatchFormat } from '../core/dispatch.ts';
import { type Envelope, type JobHeaders, parseEnvelope } from '../core/envelope.ts';
import { jobIdOf } from '../core/ids.ts';
import type { JobDefinition, Trigger } from '../core/job.ts';
import { names } from '../core/names.ts';
import type { Serde } from '../core/ports/serde.ts';
import { type ConsumedRecord, copyRecord, formatPosition } from '../core/record.ts';
import { UNKNOWN_TENANT } from '../core/tenants.ts';
import type { Delivery } from './delivery.ts';
import { openPayload, type Payload, type PayloadSource } from './payload-source.ts';
import type { TenantResolver } from './tenant-resolver.ts';

/** What a record means to a job type: nothing, or a delivery. */
export type Intake = { readonly kind: 'ignored' } | { readonly kind: 'delivery'; readonly delivery: Delivery };

export interface IntakeParts {
  readonly app: AppDefinition;
  readonly job: JobDefinition<unknown>;
  readonly serde: Serde;
  readonly tenants: TenantResolver;
}

const IGNORED: Intake = { kind: 'ignored' };

/**
 * Understands records for one job type: routing by header, tenant, decoding, check, condition, map.
 * It never judges by guesswork: what is unknown for now rejects (registry or tenant directory out of reach), and the
 * caller asks again; what can never run becomes dead on arrival.
 */
export const createIntake = (parts: IntakeParts) => {
  const { app, job } = parts;
  const inbox = names.inbox(app.name, job.type);
  const format = dispatchFormat(app.name, job);
  const triggersByType = new Map(job.triggers.map((one) => [one.event.type, one]));
  const eventTopics = new Set(job.triggers.map((one) => one.event.topic));

  const sourceOf = (eventType: string | undefined, onInbox: boolean): PayloadSource | undefined => {
    const trigger = eventType === undefined ? undefined : triggersByType.get(eventType);
    if (trigger !== undefined) return { kind: 'event', trigger };
    if (!onInbox || format === undefined || format.kind === 'event') return undefined;
    return eventType === undefined || eventType === format.type ? { kind: 'dispatch', format } : undefined;
  };

  /** On an event topic: not ours, unless nobody can say what it is. */
  const concernsUs = async (envelope: Envelope, record: ConsumedRecord): Promise<PayloadSource | 'ignored' | 'unknown'> => {
    if (envelope.eventType !== undefined) return sourceOf(envelope.eventType, false) ?? 'ignored';
    const name = await parts.serde.recordName(record.value);
    if (name === undefined) return 'unknown';
    const byName = job.triggers.find((one) => one.event.contract.name === name);
    return byName === undefined ? 'ignored' : { kind: 'event', trigger: byName };
  };

  const take = async (fetched: ConsumedRecord): Promise<Intake> => {
    const onInbox = fetched.topic === inbox;
    const envelope = parseEnvelope(fetched.headers, onInbox);
    if (!onInbox && envelope.eventType !== undefined && !triggersByType.has(envelope.eventType)) return IGNORED;
    const record = copyRecord(fetched);
    const source = onInbox ? (sourceOf(envelope.eventType, true) ?? 'unknown') : await concernsUs(envelope, record);
    if (source === 'ignored') return IGNORED;
    const base = describe(record, envelope);
    if (source === 'unknown') {
      return dead(base, 'undecodable', 'TYPE_UNKNOWN', `${envelope.eventType ?? 'no ce_type'} is nothing this job type knows`);
    }
    return understand(base, source);
  };

  const describe = (record: ConsumedRecord, envelope: Envelope): Delivery => {
    const position = formatPosition(record);
    const source = envelope.source ?? '';
    const eventId = envelope.eventId ?? position;
    const job_: JobHeaders = envelope.job ?? {
      id: jobIdOf(app.name, job.type, source, eventId),
      type: job.type,
      attempt: 1,
      starts: 0,
      hop: 0,
      replayCount: 0,
    };
    return {
      record,
      envelope,
      job: job_,
      position,
      origin: job_.origin ?? position,
      tenant: UNKNOWN_TENANT,
      correlationId: envelope.correlationId ?? eventId,
      claim: { jobType: job.type, tenant: UNKNOWN_TENANT, idempotencyKey: job_.id },
      priority: job_.priority ?? 5,
      ...(job.ordered ? { sequence: sequenceOf(record, job_.orderKey) } : {}),
    };
  };

  const understand = async (base: Delivery, source: PayloadSource): Promise<Intake> => {
    const tenant = await parts.tenants.resolve(base.envelope.tenant);
    if (tenant === undefined) {
      return dead(base, 'tenant_unresolved', 'TENANT_UNRESOLVED', 'the record names no tenant that the directory knows');
    }
    const known: Delivery = { ...base, tenant, claim: { ...base.claim, tenant } };
    const payload = await openPayload(parts.serde, source, base.record.value);
    if (!payload.ok) return dead(known, payload.reason, payload.code, payload.detail);
    try {
      return source.kind === 'event' ? fromEvent(known, source.trigger, payload) : complete(known, payload.value);
    } catch (error) {
      // The app's own map, condition or key function: it is pure, so asking again would never help.
      const what = error instanceof Error ? error.name : typeof error;
      return dead(known, 'payload_invalid', 'MAP_FAILED', `when, map, order or idempotencyKey threw ${what}`);
    }
  };

  const fromEvent = (known: Delivery, trigger: Trigger<unknown>, payload: Payload & { ok: true }): Intake => {
    if (!trigger.when(payload.value)) return IGNORED;
    const first = eventTopics.has(known.record.topic) && known.envelope.job === undefined;
    return complete(
      {
        ...known,
        priority: known.job.priority ?? trigger.priority,
        ...(first && trigger.delayMs > 0 ? { notBeforeMs: known.record.timestampMs + trigger.delayMs } : {}),
      },
      trigger.map(payload.value),
    );
  };

  const complete = (known: Delivery, payload: unknown): Intake => {
    const orderKey = known.job.orderKey ?? job.orderingKey(payload);
    const idempotencyKey = job.idempotencyKey(payload) ?? known.job.id;
    return {
      kind: 'delivery',
      delivery: {
        ...known,
        payload,
        job: { ...known.job, priority: known.priority, ...(orderKey === undefined ? {} : { orderKey }) },
        claim: { ...known.claim, idempotencyKey },
        ...(job.ordered ? { sequence: sequenceOf(known.record, orderKey) } : {}),
      },
    };
  };

  const dead = (
    base: Delivery,
    reason: 'undecodable' | 'payload_invalid' | 'tenant_unresolved',
    code: string,
    detail: string,
  ): Intake => ({ kind: 'delivery', delivery: { ...base, deadOnArrival: { reason, code, detail } } });

  return { take };
};

/** Records of one ordering key in one partition: the ordering key, else the record key. */
const sequenceOf = (record: ConsumedRecord, orderKey: string | undefined): string =>
  `${record.topic}/${record.partition}/${orderKey ?? record.key?.toString('base64') ?? ''}`;

