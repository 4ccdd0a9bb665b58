import type { AppDefinition } from '../core/app.ts';
import { type DispatchFormat, dispatchFormat } from '../core/dispatch.ts';
import { type Envelope, type JobHeaders, parseEnvelope } from '../core/envelope.ts';
import { jobIdOf } from '../core/ids.ts';
import type { JobDefinition, Trigger } from '../core/job.ts';
import { names } from '../core/names.ts';
import type { Serde } from '../core/ports/serde.ts';
import { type ConsumedRecord, copyRecord, formatPosition } from '../core/record.ts';
import { UNKNOWN_TENANT } from '../core/tenants.ts';
import type { Delivery } from './delivery.ts';
import { openPayload, type PayloadSource } from './payload-source.ts';
import type { TenantResolver } from './tenant-resolver.ts';

export interface IntakeParts {
  readonly app: AppDefinition;
  readonly job: JobDefinition<unknown>;
  readonly serde: Serde;
  readonly tenants: TenantResolver;
}

/** Records of one ordering key in one partition: the ordering key, else the record key. */
const sequenceOf = (record: ConsumedRecord, orderKey: string | undefined): string =>
  `${record.topic}/${record.partition}/${orderKey ?? record.key?.toString('base64') ?? ''}`;

const dead = (
  base: Delivery,
  reason: 'undecodable' | 'payload_invalid' | 'tenant_unresolved',
  code: string,
  detail: string,
): Delivery => ({ ...base, deadOnArrival: { reason, code, detail } });

/**
 * Understands records for one job type: routing by header, tenant, decoding, check, condition, map.
 *
 * It never judges by guesswork: what is unknown for now rejects (registry or tenant directory out of reach) and is
 * asked again; what can never run becomes dead on arrival.
 */
export class Intake {
  readonly #parts: IntakeParts;
  readonly #inbox: string;
  readonly #format: DispatchFormat | undefined;
  readonly #triggers: ReadonlyMap<string, Trigger<unknown>>;

  constructor(parts: IntakeParts) {
    const { app, job } = parts;
    this.#parts = parts;
    this.#inbox = names.inbox(app.name, job.type);
    this.#format = dispatchFormat(app.name, job);
    this.#triggers = new Map(job.triggers.map((one) => [one.event.type, one]));
  }

  /** What a record is to this job type; undefined when it is nothing to it. */
  async take(fetched: ConsumedRecord): Promise<Delivery | undefined> {
    const onInbox = fetched.topic === this.#inbox;
    const envelope = parseEnvelope(fetched.headers, onInbox);
    const { eventType } = envelope;
    if (!onInbox && eventType !== undefined && !this.#triggers.has(eventType)) return undefined;
    const record = copyRecord(fetched);
    const source = onInbox ? this.#onInbox(eventType) : await this.#onEventTopic(eventType, record);
    if (source === 'ignored') return undefined;
    const base = this.#describe(record, envelope);
    if (source === undefined) {
      const what = eventType ?? 'a record without ce_type';
      return dead(base, 'undecodable', 'TYPE_UNKNOWN', `${what} is nothing this job type knows`);
    }
    return this.#understand(base, source);
  }

  #onInbox(eventType: string | undefined): PayloadSource | undefined {
    const trigger = eventType === undefined ? undefined : this.#triggers.get(eventType);
    if (trigger !== undefined) return { kind: 'event', trigger };
    const format = this.#format;
    if (format === undefined || format.kind === 'event') return undefined;
    return eventType === undefined || eventType === format.type ? { kind: 'dispatch', format } : undefined;
  }

  /** Without a type in its headers a record is known by its schema; undefined when nobody can say what it is. */
  async #onEventTopic(
    eventType: string | undefined,
    record: ConsumedRecord,
  ): Promise<PayloadSource | 'ignored' | undefined> {
    const byType = eventType === undefined ? undefined : this.#triggers.get(eventType);
    if (byType !== undefined) return { kind: 'event', trigger: byType };
    const name = await this.#parts.serde.recordName(record.value);
    if (name === undefined) return undefined;
    const byName = this.#parts.job.triggers.find((one) => one.event.contract.name === name);
    return byName === undefined ? 'ignored' : { kind: 'event', trigger: byName };
  }

  #describe(record: ConsumedRecord, envelope: Envelope): Delivery {
    const { job: definition } = this.#parts;
    const position = formatPosition(record);
    const eventId = envelope.eventId ?? position;
    const job = envelope.job ?? this.#firstCopy(envelope.source ?? '', eventId);
    return {
      record,
      envelope,
      job,
      position,
      origin: job.origin ?? position,
      tenant: UNKNOWN_TENANT,
      correlationId: envelope.correlationId ?? eventId,
      claim: { jobType: definition.type, tenant: UNKNOWN_TENANT, idempotencyKey: job.id },
      priority: job.priority ?? 5,
      ...(definition.ordered ? { sequence: sequenceOf(record, job.orderKey) } : {}),
    };
  }

  #firstCopy(source: string, eventId: string): JobHeaders {
    const { app, job } = this.#parts;
    const id = jobIdOf(app.name, job.type, source, eventId);
    return { id, type: job.type, attempt: 1, starts: 0, hop: 0, replayCount: 0 };
  }

  async #understand(base: Delivery, source: PayloadSource): Promise<Delivery | undefined> {
    const tenant = await this.#parts.tenants.resolve(base.envelope.tenant);
    if (tenant === undefined) {
      const detail = 'the record names no tenant that the directory knows';
      return dead(base, 'tenant_unresolved', 'TENANT_UNRESOLVED', detail);
    }
    const known: Delivery = { ...base, tenant, claim: { ...base.claim, tenant } };
    const payload = await openPayload(this.#parts.serde, source, base.record.value);
    if (!payload.ok) return dead(known, payload.reason, payload.code, payload.detail);
    try {
      return this.#fit(known, source, payload.value);
    } catch (error) {
      // The app's own map, condition or key function: it is pure, so asking again would never help.
      // Its message may quote the payload, so only the class is told.
      const what = error instanceof Error ? error.name : typeof error;
      return dead(known, 'payload_invalid', 'MAP_FAILED', `when, map, order or idempotencyKey threw ${what}`);
    }
  }

  #fit(known: Delivery, source: PayloadSource, value: unknown): Delivery | undefined {
    if (source.kind === 'dispatch') return this.#complete(known, value);
    const { trigger } = source;
    if (!trigger.when(value)) return undefined;
    const first = known.record.topic !== this.#inbox;
    const delayed = first && trigger.delayMs > 0;
    return this.#complete(
      {
        ...known,
        priority: known.job.priority ?? trigger.priority,
        ...(delayed ? { notBeforeMs: known.record.timestampMs + trigger.delayMs } : {}),
      },
      trigger.map(value),
    );
  }

  #complete(known: Delivery, payload: unknown): Delivery {
    const { job } = this.#parts;
    const orderKey = known.job.orderKey ?? job.orderingKey(payload);
    const idempotencyKey = job.idempotencyKey(payload) ?? known.job.id;
    if (typeof idempotencyKey !== 'string' || idempotencyKey === '') {
      return dead(
        known,
        'payload_invalid',
        'KEY_EMPTY',
        'idempotencyKey gave no text: all such jobs would be one',
      );
    }
    return {
      ...known,
      payload,
      job: { ...known.job, priority: known.priority, ...(orderKey === undefined ? {} : { orderKey }) },
      claim: { ...known.claim, idempotencyKey },
      ...(job.ordered ? { sequence: sequenceOf(known.record, orderKey) } : {}),
    };
  }
}
