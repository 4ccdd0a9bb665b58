import type { AppDefinition } from '../core/app.ts';
import { waitingPartitionsOf } from '../core/app-topics.ts';
import { type DispatchFormat, dispatchFormat } from '../core/dispatch.ts';
import { type Envelope, type JobHeaders, parseEnvelope, type Writable } from '../core/envelope.ts';
import { jobIdOf } from '../core/ids.ts';
import { inboxesOf } from '../core/inbox.ts';
import type { JobDefinition } from '../core/job.ts';
import { whenKnown } from '../core/known.ts';
import { names } from '../core/names.ts';
import { parseTurn } from '../core/order/replay-turn.ts';
import type { Serde } from '../core/ports/serde.ts';
import { type ConsumedRecord, copyRecord, formatPosition, parsePosition } from '../core/record.ts';
import { UNKNOWN_TENANT } from '../core/tenants.ts';
import { declaredDimensions } from '../security/told-dimensions.ts';
import type { Delivery, OrderedPlace } from './delivery.ts';
import { openPayload, type Payload, type PayloadSource } from './payload-source.ts';
import type { TenantResolver } from './tenant-resolver.ts';

export interface IntakeParts {
  readonly app: AppDefinition;
  readonly job: JobDefinition<unknown>;
  readonly serde: Serde;
  readonly tenants: TenantResolver;
}

/** Where a record stands in its sequence; a copy on the waiting topic says which record's place is its own. */
const orderOf = (
  record: ConsumedRecord,
  { place, replayTurn: turn }: Pick<JobHeaders, 'place' | 'replayTurn'>,
  orderKey: string | undefined,
  waitingPartitions: number,
): OrderedPlace => {
  const parked = place === undefined ? undefined : parsePosition(place);
  const at = parked ?? record;
  return {
    orderKey: orderKey ?? record.key?.toString('base64') ?? '',
    partition: `${at.topic}/${at.partition}`,
    place: Number(at.offset),
    waitingPartition: at.partition % waitingPartitions,
    where: parked === undefined ? 'direct' : 'waiting',
    turn: parked === undefined || turn === undefined ? undefined : parseTurn(turn),
  };
};

const NOT_PARKED = {};

/** A job of an event that only a newer version of its type knows: so long a rolling deploy may take to reach it, ms. */
const TAKE_OVER_MS = 10 * 60_000;

/** A job that was done and is forced is claimed under a key of its replay: the mark of the job stays as it is. */
const claimKey = ({ forcedBy }: JobHeaders, idempotencyKey: string): string =>
  forcedBy === undefined ? idempotencyKey : `forced/${forcedBy}/${idempotencyKey}`;

/** What is known of a record before its tenant and payload are. */
interface Described {
  readonly record: ConsumedRecord;
  readonly envelope: Envelope;
  /** Its own, to be completed. */
  readonly job: Writable<JobHeaders>;
  readonly position: string;
  /** Undefined until it is resolved. */
  tenant: string | undefined;
}

type EventSource = Extract<PayloadSource, { kind: 'event' }>;

type Dead = NonNullable<Delivery['deadOnArrival']>;

/** What becomes of a record that can run. */
interface Fit {
  readonly payload: unknown;
  readonly orderKey: string | undefined;
  readonly idempotencyKey: string;
  readonly priority: number;
  readonly notBeforeMs: number | undefined;
}

/**
 * Understands records for one job type: routing by header, tenant, decoding, check, condition, map.
 *
 * It never judges by guesswork: what is unknown for now throws or rejects (registry or tenant directory out of reach)
 * and is asked again; what can never run becomes dead on arrival. What is remembered is answered without a promise.
 */
export class Intake {
  readonly #parts: IntakeParts;
  /** Topics whose records this job type was asked for, its waiting topic among them. */
  readonly #own: ReadonlySet<string>;
  readonly #waiting: string;
  readonly #waitingPartitions: number;
  readonly #format: DispatchFormat | undefined;
  /** By event type. */
  readonly #sources: ReadonlyMap<string, EventSource>;

  constructor(parts: IntakeParts) {
    const { app, job } = parts;
    this.#parts = parts;
    this.#waiting = names.waiting(app.name, job.type);
    this.#own = new Set([...inboxesOf(app.name, job), this.#waiting]);
    this.#waitingPartitions = waitingPartitionsOf(app, job);
    this.#format = dispatchFormat(app.name, job);
    this.#sources = new Map(
      job.triggers.map((trigger) => [trigger.event.type, { kind: 'event', trigger }] as const),
    );
  }

  /** What a record is to this job type; undefined when it is nothing to it. */
  take(fetched: ConsumedRecord): Delivery | undefined | Promise<Delivery | undefined> {
    const onInbox = this.#own.has(fetched.topic);
    const envelope = parseEnvelope(fetched.packed ?? fetched.headers, onInbox);
    const { eventType } = envelope;
    if (!onInbox && eventType !== undefined && !this.#sources.has(eventType)) return undefined;
    const record = copyRecord(fetched);
    const source = onInbox ? this.#onInbox(eventType, record) : this.#onEventTopic(eventType, record);
    if (source instanceof Promise) return source.then((known) => this.#takeAs(record, envelope, known));
    return this.#takeAs(record, envelope, source);
  }

  #takeAs(
    record: ConsumedRecord,
    envelope: Envelope,
    source: PayloadSource | 'ignored' | undefined,
  ): Delivery | undefined | Promise<Delivery | undefined> {
    if (source === 'ignored') return undefined;
    const base = this.#describe(record, envelope);
    if (source === undefined) {
      const what = envelope.eventType ?? 'a record without ce_type';
      const detail = `${what} is nothing this job type knows`;
      const dead: Dead = { reason: 'undecodable', code: 'TYPE_UNKNOWN', detail };
      const isJob = envelope.job?.type === this.#parts.job.type;
      return this.#dead(base, isJob ? { ...dead, notBeforeMs: record.timestampMs + TAKE_OVER_MS } : dead);
    }
    const tenant = this.#parts.tenants.resolve(envelope.tenant);
    if (tenant instanceof Promise) return tenant.then((id) => this.#takeFor(id, base, source));
    return this.#takeFor(tenant, base, source);
  }

  #takeFor(
    tenant: string | undefined,
    base: Described,
    source: PayloadSource,
  ): Delivery | undefined | Promise<Delivery | undefined> {
    if (tenant === undefined) {
      const detail = 'the record names no tenant that the directory knows';
      return this.#dead(base, { reason: 'tenant_unresolved', code: 'TENANT_UNRESOLVED', detail });
    }
    base.tenant = tenant;
    const payload = openPayload(this.#parts.serde, source, base.record.value);
    if (payload instanceof Promise) return payload.then((opened) => this.#understand(base, source, opened));
    return this.#understand(base, source, payload);
  }

  /** An event that had no type has none when it comes back. */
  #onInbox(
    eventType: string | undefined,
    record: ConsumedRecord,
  ): PayloadSource | undefined | Promise<PayloadSource | undefined> {
    if (eventType !== undefined) return this.#sources.get(eventType) ?? this.#asDispatch(eventType);
    return whenKnown(
      this.#parts.serde.recordName(record.value),
      (name) => this.#byName(name) ?? this.#asDispatch(undefined),
    );
  }

  #asDispatch(eventType: string | undefined): PayloadSource | undefined {
    const format = this.#format;
    if (format === undefined || format.kind === 'event') return undefined;
    return eventType === undefined || eventType === format.type ? { kind: 'dispatch', format } : undefined;
  }

  #byName(name: string | undefined): EventSource | undefined {
    const trigger = this.#parts.job.triggers.find(({ event }) => event.contract.name === name);
    return trigger === undefined ? undefined : { kind: 'event', trigger };
  }

  /** Without a type in its headers a record is known by its schema; undefined when nobody can say what it is. */
  #onEventTopic(
    eventType: string | undefined,
    record: ConsumedRecord,
  ): PayloadSource | 'ignored' | undefined | Promise<PayloadSource | 'ignored' | undefined> {
    const byType = eventType === undefined ? undefined : this.#sources.get(eventType);
    if (byType !== undefined) return byType;
    return whenKnown(this.#parts.serde.recordName(record.value), (name) =>
      name === undefined ? undefined : (this.#byName(name) ?? 'ignored'),
    );
  }

  #describe(record: ConsumedRecord, envelope: Envelope): Described {
    const own = formatPosition(record);
    const job = envelope.job ?? this.#firstCopy(envelope.source ?? '', envelope.eventId ?? own);
    // A stand-in is, to the store, the copy it stands in for.
    const position = this.#parts.job.ordered ? own : (job.place ?? own);
    return { record, envelope, job, position, tenant: undefined };
  }

  #firstCopy(source: string, eventId: string): JobHeaders {
    const { app, job } = this.#parts;
    const id = jobIdOf(app.name, job.type, source, eventId);
    return {
      id,
      type: job.type,
      attempt: 1,
      starts: 0,
      hop: 0,
      replayCount: 0,
      priority: undefined,
      orderKey: undefined,
    };
  }

  #understand(base: Described, source: PayloadSource, payload: Payload): Delivery | undefined {
    if (!payload.ok) {
      const { reason, code, detail } = payload;
      return this.#dead(base, { reason, code, detail });
    }
    try {
      return this.#fit(base, source, payload.value);
    } catch (error) {
      // The app's own map, condition or key function: it is pure, so asking again would never help.
      // Its message may quote the payload, so only the class is told.
      const what = error instanceof Error ? error.name : typeof error;
      const detail = `when, map, order or idempotencyKey threw ${what}`;
      return this.#dead(base, { reason: 'payload_invalid', code: 'MAP_FAILED', detail });
    }
  }

  #fit(base: Described, source: PayloadSource, value: unknown): Delivery | undefined {
    const { job, record } = base;
    if (source.kind === 'dispatch') {
      const dueMs = record.topic === this.#waiting ? job.dueMs : undefined;
      return this.#complete(base, value, job.priority ?? 5, dueMs);
    }
    const { trigger } = source;
    // What waits was wanted when it came, and has its place in an order: the condition is not asked again.
    if (record.topic === this.#waiting)
      return this.#complete(base, trigger.map(value), job.priority ?? trigger.priority, job.dueMs);
    if (!trigger.when(value)) return undefined;
    const delayed = trigger.delayMs > 0 && !this.#own.has(record.topic);
    const notBeforeMs = delayed ? record.timestampMs + trigger.delayMs : undefined;
    return this.#complete(base, trigger.map(value), job.priority ?? trigger.priority, notBeforeMs);
  }

  #complete(base: Described, payload: unknown, priority: number, notBeforeMs: number | undefined): Delivery {
    const { job } = this.#parts;
    const orderKey = base.job.orderKey ?? job.orderingKey(payload);
    const idempotencyKey = job.idempotencyKey(payload) ?? base.job.id;
    if (typeof idempotencyKey !== 'string' || idempotencyKey === '') {
      const detail = 'idempotencyKey gave no text: all such jobs would be one';
      return this.#dead(base, { reason: 'payload_invalid', code: 'KEY_EMPTY', detail });
    }
    return this.#deliver(base, { payload, orderKey, idempotencyKey, priority, notBeforeMs }, undefined);
  }

  #dead(base: Described, dead: Dead): Delivery {
    const { job } = base;
    const fit: Fit = {
      payload: undefined,
      orderKey: job.orderKey,
      idempotencyKey: job.id,
      priority: job.priority ?? 5,
      notBeforeMs: undefined,
    };
    return this.#deliver(base, fit, dead);
  }

  /** The one place where a delivery is made, so that all have one shape. */
  #deliver(base: Described, fit: Fit, deadOnArrival: Dead | undefined): Delivery {
    const { job } = this.#parts;
    const { type, ordered } = job;
    const { record, envelope, position, tenant = UNKNOWN_TENANT } = base;
    const { orderKey, priority } = fit;
    if (deadOnArrival === undefined) base.job.priority = priority;
    if (orderKey !== undefined) base.job.orderKey = orderKey;
    return {
      record,
      envelope,
      job: base.job,
      position,
      origin: base.job.origin ?? position,
      tenant,
      correlationId: envelope.correlationId ?? envelope.eventId ?? position,
      claim: {
        jobType: type,
        tenant: base.tenant ?? envelope.tenant ?? UNKNOWN_TENANT,
        idempotencyKey: claimKey(base.job, fit.idempotencyKey),
      },
      payload: fit.payload,
      dimensions: deadOnArrival === undefined ? declaredDimensions(job, fit.payload) : undefined,
      notBeforeMs: fit.notBeforeMs,
      priority,
      order: ordered ? orderOf(record, this.#parkedAs(base), orderKey, this.#waitingPartitions) : undefined,
      deadOnArrival,
    };
  }

  #parkedAs({ record, job }: Described): Pick<JobHeaders, 'place' | 'replayTurn'> {
    return record.topic === this.#waiting ? job : NOT_PARKED;
  }
}
