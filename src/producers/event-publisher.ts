import type { AppDefinition } from '../core/app.ts';
import type { Clock } from '../core/clock.ts';
import { contextHeaders } from '../core/envelope.ts';
import { EsteiraError, isEsteiraError } from '../core/errors.ts';
import type { EventDefinition } from '../core/event.ts';
import { randomId } from '../core/ids.ts';
import type { RecordProducer } from '../core/ports/broker.ts';
import type { Serde } from '../core/ports/serde.ts';
import type { OutgoingRecord, RecordPosition } from '../core/record.ts';
import { type OriginOptions, originContext } from './context.ts';
import { admitPayload, requireTenant } from './gate.ts';
import { withSendSpan } from './send-span.ts';

export interface PublishOptions extends OriginOptions {
  /** Whose event it is; also the record key. */
  readonly tenant: string;
  /** The event's id; give the same one again to repeat a publish safely. Default: a random UUID. */
  readonly id?: string;
  /** When it happened, epoch ms; default now. */
  readonly timeMs?: number;
  /** How long to wait for the acknowledgement, ms; default 30,000. */
  readonly deadlineMs?: number;
}

/** An event that is on its topic for good. */
export interface PublishedEvent {
  readonly id: string;
  readonly correlationId: string;
  readonly position: RecordPosition;
}

export interface ProducerParts {
  readonly app: AppDefinition;
  readonly producer: RecordProducer;
  readonly serde: Serde;
  readonly clock: Clock;
  /** The technical identity of this service; the `ce_source`. */
  readonly service: string;
  /** Whether what is sent gets a span; default false. */
  readonly traced?: boolean;
}

const DEFAULT_DEADLINE_MS = 30_000;

/**
 * Sends and, when nobody knows whether it was written, says so with the id for a safe repeat.
 *
 * @throws EsteiraError ESTEIRA_PUBLISH_UNKNOWN with facts.id, and what {@link RecordProducer.send} throws.
 */
export const sendOrSayUnknown = async (
  producer: RecordProducer,
  record: OutgoingRecord,
  what: { readonly id: string; readonly name: string; readonly deadlineMs?: number },
): Promise<RecordPosition> => {
  try {
    return await producer.send(record, { deadlineMs: what.deadlineMs ?? DEFAULT_DEADLINE_MS });
  } catch (error) {
    if (!isEsteiraError(error, 'ESTEIRA_PUBLISH_UNKNOWN')) throw error;
    throw new EsteiraError(
      'ESTEIRA_PUBLISH_UNKNOWN',
      `${what.name} was not acknowledged in time and may or may not be written: repeat it with id ${what.id}, which takes effect once`,
      { facts: { id: what.id, topic: record.topic }, cause: error },
    );
  }
};

/** Publishes domain events. */
export const createEventPublisher = (parts: ProducerParts) => {
  const { app, producer, serde, clock, service, traced = false } = parts;

  /**
   * Publishes an event; resolves when all in-sync replicas have it.
   *
   * @throws EsteiraError ESTEIRA_EVENT_UNKNOWN, ESTEIRA_TENANT_MISSING, ESTEIRA_PAYLOAD_INVALID,
   *   ESTEIRA_PAYLOAD_HOLDS_SECRET, ESTEIRA_SCHEMA_NOT_REGISTERED, ESTEIRA_REGISTRY_UNAVAILABLE, ESTEIRA_BUFFER_FULL,
   *   ESTEIRA_RECORD_TOO_LARGE (nothing was written), ESTEIRA_PUBLISH_UNKNOWN (it may be).
   */
  return async <T>(event: EventDefinition<T>, value: T, options: PublishOptions): Promise<PublishedEvent> => {
    if (!app.events.some((known) => known.type === event.type)) {
      throw new EsteiraError(
        'ESTEIRA_EVENT_UNKNOWN',
        `event ${event.type} is not among the events of app ${app.name}: add it to defineApp({ events })`,
        { facts: { event: event.type } },
      );
    }
    const what = `event ${event.type}`;
    const tenant = requireTenant(options?.tenant, what);
    admitPayload(event.check, value, what);
    const id = options.id ?? randomId();
    const timeMs = options.timeMs ?? clock.nowMs();
    const origin = originContext(id, options);
    const { correlationId = id } = origin;
    const about = { eventId: id, eventType: event.type, source: service, eventTimeMs: timeMs, tenant };
    const body = await serde.encode(event.contract, value);
    const send = (context: typeof origin): Promise<RecordPosition> => {
      const headers = contextHeaders({ ...context, ...about, contentType: 'application/avro' });
      const record = { topic: event.topic, key: Buffer.from(tenant, 'utf8'), value: body, headers };
      return sendOrSayUnknown(producer, record, { id, name: what, ...deadline(options) });
    };
    const sent = { topic: event.topic, eventType: event.type, eventId: id, correlationId };
    const position = await (traced ? withSendSpan(sent, origin, options.traceparent, send) : send(origin));
    return { id, correlationId, position };
  };
};

const deadline = (options: { readonly deadlineMs?: number }): { readonly deadlineMs?: number } =>
  options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs };
