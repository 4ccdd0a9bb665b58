import type { AppDefinition } from '../core/app.ts';
import { contextHeaders, type JobHeaders, withJobHeaders } from '../core/envelope.ts';
import { isEsteiraError } from '../core/errors.ts';
import { AuditRecord } from '../core/generated/audit-record.ts';
import { JobFailed } from '../core/generated/job-failed.ts';
import { deterministicId } from '../core/ids.ts';
import type { JobDefinition } from '../core/job.ts';
import type { ServiceIdentity } from '../core/job-event.ts';
import { names } from '../core/names.ts';
import type { RecordProducer } from '../core/ports/broker.ts';
import type { Serde } from '../core/ports/serde.ts';
import type { OutgoingRecord } from '../core/record.ts';
import { type InsistParts, insist, waitOrStop } from './backoff.ts';
import type { Decision } from './decision.ts';
import type { Delivery } from './delivery.ts';

export interface SuccessorParts extends InsistParts {
  readonly app: AppDefinition;
  readonly job: JobDefinition<unknown>;
  readonly identity: ServiceIdentity;
  readonly producer: RecordProducer;
  readonly serde: Serde;
  /** Called when a successor does not fit on its topic: the type is suspended, its offset does not move. */
  readonly onTooLarge: (delivery: Delivery) => void;
}

const TOO_LARGE_RETRY_MS = 30_000;

/** The same headers with the error cut to its code: what is left when a record is too large with it. */
const withoutErrorText = (next: JobHeaders): JobHeaders =>
  next.error === undefined ? next : { ...next, error: { ...next.error, message: '', fingerprint: '' } };

/** The next copy of a job: key, value and foreign headers are the same bytes as before. */
const copyFor = (delivery: Delivery, topic: string, next: JobHeaders): OutgoingRecord => ({
  topic,
  key: delivery.record.key,
  value: delivery.record.value,
  headers: withJobHeaders(delivery.record.headers, next),
  ...(next.orderKey === undefined ? {} : { partitionKey: Buffer.from(next.orderKey, 'utf8') }),
});

/** Writes what a decision says: the successor, and for a dead letter its `JobFailed` event and audit record. */
export const createSuccessorWriter = (parts: SuccessorParts) => {
  const { app, job, producer, serde } = parts;

  const send = (record: OutgoingRecord): Promise<unknown> =>
    insist(parts, `write to ${record.topic}`, () => producer.send(record));

  const sendCopy = async (delivery: Delivery, { topic, next }: Decision): Promise<void> => {
    for (let headers = next; ; headers = withoutErrorText(next)) {
      try {
        await send(copyFor(delivery, topic, headers));
        return;
      } catch (error) {
        if (!isEsteiraError(error, 'ESTEIRA_RECORD_TOO_LARGE')) throw error;
        if (headers === next && next.error !== undefined) continue;
        parts.onTooLarge(delivery);
        await waitOrStop(parts.clock, TOO_LARGE_RETRY_MS, parts.stopped);
        if (parts.stopped.aborted) throw error;
      }
    }
  };

  const failure = (delivery: Delivery, decision: Decision, dead: NonNullable<Decision['dead']>): JobFailed => ({
    jobId: delivery.job.id,
    jobType: job.type,
    tenantId: dead.tenant,
    correlationId: delivery.correlationId,
    reason: dead.reason,
    errorCode: dead.error.code,
    errorClass: dead.error.class,
    errorMessage: dead.error.message,
    errorFingerprint: dead.error.fingerprint,
    attempts: decision.next.attempt,
    origin: delivery.origin,
    deadLetterTopic: decision.topic,
    failedAt: decision.atMs,
  });

  const audit = (delivery: Delivery, decision: Decision, dead: NonNullable<Decision['dead']>): AuditRecord => ({
    auditId: deterministicId('audit', delivery.job.id, `${delivery.job.hop}`, 'job.dead'),
    action: 'job.dead',
    actor: parts.identity.service,
    reason: dead.reason,
    subject: delivery.job.id,
    tenantId: dead.tenant,
    correlationId: delivery.correlationId,
    details: { jobType: job.type, errorCode: dead.error.code, deadLetterTopic: decision.topic, origin: delivery.origin },
    at: decision.atMs,
  });

  const tellOfDeath = async (delivery: Delivery, decision: Decision): Promise<void> => {
    const { dead } = decision;
    if (dead === undefined) return;
    const failed = failure(delivery, decision, dead);
    const audited = audit(delivery, decision, dead);
    const [failedValue, auditValue] = await Promise.all([
      insist(parts, 'encode JobFailed', () => serde.encode(JobFailed, failed)),
      insist(parts, 'encode AuditRecord', () => serde.encode(AuditRecord, audited)),
    ]);
    const tenantKey = Buffer.from(dead.tenant, 'utf8');
    await Promise.all([
      send({ topic: names.failures(app.name), key: tenantKey, value: failedValue, headers: failedHeaders(delivery, dead.tenant, parts) }),
      send({ topic: names.audit(app.name), key: Buffer.from(audited.actor, 'utf8'), value: auditValue, headers: [] }),
    ]);
  };

  /** Resolves when everything is acknowledged. Safe to repeat: ids are made of the job's id and hop. */
  return async (delivery: Delivery, decision: Decision): Promise<void> => {
    await sendCopy(delivery, decision);
    await tellOfDeath(delivery, decision);
  };
};

const failedHeaders = (delivery: Delivery, tenant: string, { identity, job }: SuccessorParts) =>
  contextHeaders({
    eventId: deterministicId('failure', delivery.job.id, `${delivery.job.hop}`),
    eventType: JobFailed.name,
    source: `${identity.service}/${job.type}`,
    tenant,
    correlationId: delivery.correlationId,
    causationId: delivery.job.id,
    contentType: 'application/avro',
    ...(delivery.envelope.traceparent === undefined ? {} : { traceparent: delivery.envelope.traceparent }),
  });
