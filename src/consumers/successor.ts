import type { AppDefinition } from '../core/app.ts';
import type { AvroContract } from '../core/contract.ts';
import { contextHeaders, type JobHeaders, withJobHeaders } from '../core/envelope.ts';
import { isEsteiraError } from '../core/errors.ts';
import { AuditRecord } from '../core/generated/audit-record.ts';
import { JobFailed } from '../core/generated/job-failed.ts';
import { deterministicId } from '../core/ids.ts';
import type { ServiceIdentity } from '../core/job-event.ts';
import { names } from '../core/names.ts';
import type { RecordProducer, SendOptions } from '../core/ports/broker.ts';
import type { Serde } from '../core/ports/serde.ts';
import type { OutgoingRecord, RecordHeaders, RecordPosition } from '../core/record.ts';
import { type InsistParts, insist, waitOrStop } from './backoff.ts';
import { TIME_FOR_COMPANY_MS } from './company.ts';
import type { Decision } from './decision.ts';
import type { Delivery } from './delivery.ts';

export interface SuccessorParts extends InsistParts {
  readonly app: AppDefinition;
  readonly identity: ServiceIdentity;
  readonly producer: RecordProducer;
  readonly serde: Serde;
  /** Called when a successor does not fit on its topic: the type is suspended, its offset does not move. */
  readonly onTooLarge: (delivery: Delivery) => void;
  /** Called when a successor was written: whatever was told of its size before is over. */
  readonly onFits: (delivery: Delivery) => void;
}

type Dead = NonNullable<Decision['dead']>;

const TOO_LARGE_RETRY_MS = 30_000;

/** Whether nobody waits for what a decision writes: no key stands behind it, and a retry is not due by then. */
const isPatient = ({ order }: Delivery, { kind, next, atMs }: Decision): boolean =>
  order === undefined &&
  (kind === 'dead' || (kind === 'retry' && (next.dueMs ?? atMs) - atMs >= TIME_FOR_COMPANY_MS));

/** The same headers with the error cut to its code: what is left when a record is too large with it. */
const withoutErrorText = (next: JobHeaders): JobHeaders =>
  next.error === undefined ? next : { ...next, error: { ...next.error, message: '', fingerprint: '' } };

/**
 * The next copy of a job: key, value and foreign headers are the same bytes as before. Its partition is that of `spread`,
 * else of its ordering key, else of its key.
 */
export const copyFor = (
  delivery: Delivery,
  topic: string,
  next: JobHeaders,
  spread?: Buffer,
): OutgoingRecord => {
  const partitionKey =
    spread ?? (next.orderKey === undefined ? undefined : Buffer.from(next.orderKey, 'utf8'));
  return {
    topic,
    key: delivery.record.key,
    value: delivery.record.value,
    headers: withJobHeaders(delivery.record.headers, next),
    ...(partitionKey === undefined ? {} : { partitionKey }),
  };
};

const failureOf = (delivery: Delivery, decision: Decision, { reason, error, tenant }: Dead): JobFailed => ({
  jobId: delivery.job.id,
  jobType: delivery.job.type,
  tenantId: tenant,
  correlationId: delivery.correlationId,
  reason,
  errorCode: error.code,
  errorClass: error.class,
  errorMessage: error.message,
  errorFingerprint: error.fingerprint,
  attempts: decision.next.attempt,
  origin: delivery.origin,
  deadLetterTopic: decision.topic,
  failedAt: decision.atMs,
});

const failureHeaders = (delivery: Delivery, tenant: string, service: string): RecordHeaders => {
  const { traceparent } = delivery.envelope;
  return contextHeaders({
    eventId: deterministicId('failure', delivery.job.id, `${delivery.job.hop}`),
    eventType: JobFailed.name,
    source: service,
    tenant,
    correlationId: delivery.correlationId,
    causationId: delivery.job.id,
    contentType: 'application/avro',
    ...(traceparent === undefined ? {} : { traceparent }),
  });
};

const auditOf = (delivery: Delivery, decision: Decision, dead: Dead, actor: string): AuditRecord => ({
  auditId: deterministicId('audit', delivery.job.id, `${delivery.job.hop}`, 'job.dead'),
  action: 'job.dead',
  actor,
  reason: dead.reason,
  subject: delivery.job.id,
  tenantId: dead.tenant,
  correlationId: delivery.correlationId,
  details: {
    jobType: delivery.job.type,
    errorCode: dead.error.code,
    deadLetterTopic: decision.topic,
    origin: delivery.origin,
  },
  at: decision.atMs,
});

/** Writes what a decision says: the successor, and for a dead letter its `JobFailed` event and audit record. */
export class SuccessorWriter {
  readonly #parts: SuccessorParts;

  constructor(parts: SuccessorParts) {
    this.#parts = parts;
  }

  /** Resolves when everything is acknowledged. Safe to repeat: ids are made of the job's id and hop. */
  async write(delivery: Delivery, decision: Decision): Promise<void> {
    const { topic, next } = decision;
    const smaller = (): OutgoingRecord => copyFor(delivery, topic, withoutErrorText(next));
    const copy = copyFor(delivery, topic, next);
    const options = { mayWait: isPatient(delivery, decision) };
    await this.send(delivery, copy, next.error === undefined ? undefined : smaller, options);
    if (decision.dead !== undefined) await this.#tellOfDeath(delivery, decision, decision.dead, options);
  }

  /**
   * Writes a record for a delivery, as long as it takes; `smaller` is tried when it is too large. What is too large even
   * so waits for an operator, and the type with it.
   */
  async send(
    delivery: Delivery,
    record: OutgoingRecord,
    smaller?: () => OutgoingRecord,
    options?: SendOptions,
  ): Promise<RecordPosition> {
    for (let next = record, shrinks = smaller !== undefined; ; ) {
      try {
        const position = await this.#send(next, options);
        this.#parts.onFits(delivery);
        return position;
      } catch (error) {
        if (!isEsteiraError(error, 'ESTEIRA_RECORD_TOO_LARGE')) throw error;
        if (shrinks && smaller !== undefined) {
          next = smaller();
          shrinks = false;
          continue;
        }
        this.#parts.onTooLarge(delivery);
        await waitOrStop(this.#parts.clock, TOO_LARGE_RETRY_MS, this.#parts.stopped);
        if (this.#parts.stopped.aborted) throw error;
      }
    }
  }

  #send(record: OutgoingRecord, options?: SendOptions): Promise<RecordPosition> {
    return insist(this.#parts, `write to ${record.topic}`, () => this.#parts.producer.send(record, options));
  }

  #encode<T>(contract: AvroContract<T>, value: T): Promise<Buffer> {
    return insist(this.#parts, `encode ${contract.name}`, () => this.#parts.serde.encode(contract, value));
  }

  async #tellOfDeath(
    delivery: Delivery,
    decision: Decision,
    dead: Dead,
    options: SendOptions,
  ): Promise<void> {
    const { app, identity } = this.#parts;
    const [failure, audit] = await Promise.all([
      this.#encode(JobFailed, failureOf(delivery, decision, dead)),
      this.#encode(AuditRecord, auditOf(delivery, decision, dead, identity.service)),
    ]);
    await Promise.all([
      this.#send(
        {
          topic: names.failures(app.name),
          key: Buffer.from(dead.tenant, 'utf8'),
          value: failure,
          headers: failureHeaders(delivery, dead.tenant, identity.service),
        },
        options,
      ),
      this.#send(
        {
          topic: names.audit(app.name),
          key: Buffer.from(identity.service, 'utf8'),
          value: audit,
          headers: [],
        },
        options,
      ),
    ]);
  }
}
