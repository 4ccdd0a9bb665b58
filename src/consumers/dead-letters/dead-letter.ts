import type { AppDefinition } from '../../core/app.ts';
import { type Envelope, parseEnvelope } from '../../core/envelope.ts';
import type { JobDefinition } from '../../core/job.ts';
import { names } from '../../core/names.ts';
import { type ConsumedRecord, formatPosition, type RecordPosition } from '../../core/record.ts';
import { UNKNOWN_TENANT } from '../../core/tenants.ts';
import { redactText } from '../../security/redact.ts';

/** A record on a DLQ topic of the app, without its bytes. */
export interface DeadLetter {
  readonly at: RecordPosition;
  /** The job type whose DLQ topic it stands on; its own header may say otherwise. */
  readonly job: JobDefinition<unknown>;
  readonly envelope: Envelope;
  /** When it was written to the DLQ, epoch ms. */
  readonly deadAtMs: number;
  /** Bytes of key, value and headers. */
  readonly sizeBytes: number;
}

/** A dead letter for people and programs to read. Texts are redacted. */
export interface DeadLetterSummary {
  /** `topic/partition/offset`. */
  readonly position: string;
  readonly jobType: string;
  readonly jobId: string | null;
  readonly reason: string | null;
  readonly errorCode: string | null;
  readonly errorClass: string | null;
  readonly errorMessage: string | null;
  readonly errorFingerprint: string | null;
  /** What the record says; not resolved. */
  readonly tenant: string | null;
  readonly eventType: string | null;
  readonly eventId: string | null;
  readonly correlationId: string | null;
  readonly attempts: number | null;
  readonly starts: number | null;
  readonly replays: number;
  readonly origin: string | null;
  readonly firstFailedAt: string | null;
  readonly deadAt: string;
  readonly sizeBytes: number;
}

const sizeOf = ({ key, value, headers }: ConsumedRecord): number =>
  headers.reduce((sum, [name, bytes]) => sum + Buffer.byteLength(name) + (bytes?.length ?? 0), 0) +
  (key?.length ?? 0) +
  (value?.length ?? 0);

/** Reads a record of the DLQ topic of `job`. */
export const toDeadLetter = (job: JobDefinition<unknown>, record: ConsumedRecord): DeadLetter => ({
  at: { topic: record.topic, partition: record.partition, offset: record.offset },
  job,
  envelope: parseEnvelope(record.headers, true),
  deadAtMs: record.timestampMs,
  sizeBytes: sizeOf(record),
});

/** The job type whose DLQ this topic is; undefined when it is none of the app's. */
export const jobOfDeadLetterTopic = (app: AppDefinition, topic: string): JobDefinition<unknown> | undefined =>
  app.jobs.find(({ type }) => names.deadLetters(app.name, type) === topic);

/** The tenant a dead letter is told under: what it claims, unless nobody could resolve that. */
export const tenantOf = ({ envelope }: Pick<DeadLetter, 'envelope'>): string =>
  envelope.job?.deadReason === 'tenant_unresolved' ? UNKNOWN_TENANT : (envelope.tenant ?? UNKNOWN_TENANT);

const iso = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());

/** What a dead letter is, without payload. */
export const summarize = (letter: DeadLetter): DeadLetterSummary => {
  const { envelope } = letter;
  const headers = envelope.job;
  const error = headers?.error;
  return {
    position: formatPosition(letter.at),
    jobType: letter.job.type,
    jobId: headers?.id ?? null,
    reason: headers?.deadReason ?? null,
    errorCode: error?.code ?? null,
    errorClass: error?.class ?? null,
    errorMessage: error === undefined ? null : redactText(error.message),
    errorFingerprint: error?.fingerprint ?? null,
    tenant: envelope.tenant ?? null,
    eventType: envelope.eventType ?? null,
    eventId: envelope.eventId ?? null,
    correlationId: envelope.correlationId ?? null,
    attempts: headers?.attempt ?? null,
    starts: headers?.starts ?? null,
    replays: headers?.replayCount ?? 0,
    origin: headers?.origin ?? null,
    firstFailedAt: iso(headers?.firstFailedAtMs),
    deadAt: new Date(letter.deadAtMs).toISOString(),
    sizeBytes: letter.sizeBytes,
  };
};
