import {
  anyText,
  boundedText,
  collect,
  READ,
  release,
  repeatedText,
  text,
  time,
  wholeNumber,
} from './header-values.ts';
import type { PackedHeaders } from './packed-headers.ts';
import type { HeaderEntry, RecordHeaders } from './record.ts';

/**
 * What a record carries beside its bytes: the CloudEvents context (Kafka binding, binary mode) and Esteira's own
 * `job-*` headers. `job-*` is trusted only on Esteira's own topics; elsewhere it is read as absent.
 */
export interface Envelope {
  readonly eventId?: string | undefined;
  readonly eventType?: string | undefined;
  readonly source?: string | undefined;
  /** Epoch ms of the event. */
  readonly eventTimeMs?: number | undefined;
  readonly tenant?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly causationId?: string | undefined;
  readonly userId?: string | undefined;
  readonly traceparent?: string | undefined;
  readonly contentType?: string | undefined;
  readonly job?: JobHeaders | undefined;
}

/** The `job-*` headers of a record on an inbox, a tier or a DLQ topic. */
export interface JobHeaders {
  readonly id: string;
  readonly type: string;
  /** Attempt this copy is for, from 1. */
  readonly attempt: number;
  /** Starts counted before this copy. */
  readonly starts: number;
  /** Moves to another topic behind this copy. */
  readonly hop: number;
  /** Epoch ms before which the job must not start. */
  readonly dueMs?: number;
  /** The inbox a relay forwards to. */
  readonly target?: string;
  readonly orderKey?: string | undefined;
  /** 1 (first) to 10. */
  readonly priority?: number | undefined;
  /** `topic/partition/offset` of the first record of the job; absent on a fresh dispatch. */
  readonly origin?: string;
  /**
   * `topic/partition/offset` of the record this is a copy of: on the waiting topic, and on the dead letter of an ordered
   * job, its place in its sequence, elsewhere the copy that this one is to the store: it was only moved, or stands in for
   * one that runs long.
   */
  readonly place?: string;
  /** On a tier: it waits because of a pause, and may go on as soon as that is lifted. */
  readonly isPaused?: true;
  readonly firstFailedAtMs?: number;
  readonly error?: {
    readonly code: string;
    readonly class: string;
    readonly message: string;
    readonly fingerprint: string;
  };
  readonly deadReason?: string;
  readonly replayId?: string;
  /** `topic/partition/offset` of the dead letter this job was replayed from last. */
  readonly replayOf?: string;
  /** On the waiting topic: its turn among the replays of a held key, `<plan>/<index>`. */
  readonly replayTurn?: string;
  /** The replay by which a job that was done is run once more: its claim is one of that replay, not the job's. */
  readonly forcedBy?: string;
  readonly replayCount: number;
  /** On the copy that a replay writes: the trace context of the last start before, when there was one. */
  readonly diedIn?: string;
  /** `topic/partition/offset` of the dead letter whose payload an operator has edited last; absent when nobody has. */
  readonly editOf?: string;
}

/** While it is read. */
export type Writable<T> = { -readonly [P in keyof T]: T[P] };

const parseError = (): JobHeaders['error'] => {
  const code = anyText(READ['job-error-code']);
  if (code === undefined) return undefined;
  return {
    code,
    class: anyText(READ['job-error-class']) ?? 'transient',
    message: anyText(READ['job-error-message']) ?? '',
    fingerprint: anyText(READ['job-error-fingerprint']) ?? '',
  };
};

const parseJob = (): JobHeaders | undefined => {
  const id = anyText(READ['job-id']);
  const type = anyText(READ['job-type']);
  if (id === undefined || type === undefined) return undefined;
  const job: Writable<JobHeaders> = {
    id,
    type,
    attempt: Math.max(1, wholeNumber(READ['job-attempt']) ?? 1),
    starts: wholeNumber(READ['job-starts']) ?? 0,
    hop: wholeNumber(READ['job-hop']) ?? 0,
    replayCount: wholeNumber(READ['job-replay-count']) ?? 0,
  };
  addWhereAndWhen(job);
  addHistory(job);
  return job;
};

const addWhereAndWhen = (job: Writable<JobHeaders>): void => {
  const dueMs = wholeNumber(READ['job-due']);
  if (dueMs !== undefined) job.dueMs = dueMs;
  const target = text(READ['job-target']);
  if (target !== undefined) job.target = target;
  const orderKey = text(READ['job-order-key']);
  if (orderKey !== undefined) job.orderKey = orderKey;
  const priority = wholeNumber(READ['job-priority']);
  if (priority !== undefined) job.priority = priority;
  const origin = text(READ['job-origin']);
  if (origin !== undefined) job.origin = origin;
  const place = text(READ['job-place']);
  if (place !== undefined) job.place = place;
  if (text(READ['job-paused']) === '1') job.isPaused = true;
};

const addHistory = (job: Writable<JobHeaders>): void => {
  const firstFailedAtMs = wholeNumber(READ['job-first-failed-at']);
  if (firstFailedAtMs !== undefined) job.firstFailedAtMs = firstFailedAtMs;
  const error = parseError();
  if (error !== undefined) job.error = error;
  const deadReason = text(READ['job-dead-reason']);
  if (deadReason !== undefined) job.deadReason = deadReason;
  const replayId = text(READ['job-replay-id']);
  if (replayId !== undefined) job.replayId = replayId;
  const replayOf = text(READ['job-replay-of']);
  if (replayOf !== undefined) job.replayOf = replayOf;
  const replayTurn = text(READ['job-replay-turn']);
  if (replayTurn !== undefined) job.replayTurn = replayTurn;
  const forcedBy = text(READ['job-forced-by']);
  if (forcedBy !== undefined) job.forcedBy = forcedBy;
  const diedIn = text(READ['job-died-in']);
  if (diedIn !== undefined) job.diedIn = diedIn;
  const editOf = text(READ['job-edit-of']);
  if (editOf !== undefined) job.editOf = editOf;
};

/**
 * Reads the headers of a record; `ownTopic` says whether its `job-*` headers were written by Esteira. All envelopes have
 * one shape: what is absent is undefined.
 */
export const parseEnvelope = (headers: RecordHeaders | PackedHeaders, ownTopic: boolean): Envelope => {
  collect(headers);
  const envelope: Envelope = {
    eventId: text(READ.ce_id),
    eventType: repeatedText(READ.ce_type),
    source: repeatedText(READ.ce_source),
    eventTimeMs: time(READ.ce_time),
    tenant: repeatedText(READ.ce_tenantid),
    correlationId: boundedText(READ.ce_correlationid),
    causationId: boundedText(READ.ce_causationid),
    userId: boundedText(READ.ce_userid),
    traceparent: boundedText(READ.traceparent),
    contentType: repeatedText(READ['content-type']),
    job: ownTopic ? parseJob() : undefined,
  };
  release();
  return envelope;
};

const entry = (name: string, value: string | number | undefined): HeaderEntry[] =>
  value === undefined ? [] : [[name, Buffer.from(String(value), 'utf8')]];

/** The CloudEvents headers of a new event or dispatch. */
export const contextHeaders = (envelope: Envelope): RecordHeaders => [
  ...entry('ce_specversion', '1.0'),
  ...entry('ce_id', envelope.eventId),
  ...entry('ce_type', envelope.eventType),
  ...entry('ce_source', envelope.source),
  ...entry(
    'ce_time',
    envelope.eventTimeMs === undefined ? undefined : new Date(envelope.eventTimeMs).toISOString(),
  ),
  ...entry('ce_tenantid', envelope.tenant),
  ...entry('ce_correlationid', envelope.correlationId),
  ...entry('ce_causationid', envelope.causationId),
  ...entry('ce_userid', envelope.userId),
  ...entry('traceparent', envelope.traceparent),
  ...entry('content-type', envelope.contentType),
];

const jobHeaderEntries = (job: JobHeaders): HeaderEntry[] => [
  ...entry('job-id', job.id),
  ...entry('job-type', job.type),
  ...entry('job-attempt', job.attempt),
  ...entry('job-starts', job.starts),
  ...entry('job-hop', job.hop),
  ...entry('job-due', job.dueMs),
  ...entry('job-target', job.target),
  ...entry('job-order-key', job.orderKey),
  ...entry('job-priority', job.priority),
  ...entry('job-origin', job.origin),
  ...entry('job-place', job.place),
  ...entry('job-paused', job.isPaused === true ? 1 : undefined),
  ...entry('job-first-failed-at', job.firstFailedAtMs),
  ...entry('job-error-code', job.error?.code),
  ...entry('job-error-class', job.error?.class),
  ...entry('job-error-message', job.error?.message),
  ...entry('job-error-fingerprint', job.error?.fingerprint),
  ...entry('job-dead-reason', job.deadReason),
  ...entry('job-replay-id', job.replayId),
  ...entry('job-replay-of', job.replayOf),
  ...entry('job-replay-turn', job.replayTurn),
  ...entry('job-forced-by', job.forcedBy),
  ...entry('job-replay-count', job.replayCount > 0 ? job.replayCount : undefined),
  ...entry('job-edit-of', job.editOf),
  ...entry('job-died-in', job.diedIn),
];

/** Every header name that Esteira owns; a foreign header that merely starts with `job-` is left alone. */
const OWN_NAMES: ReadonlySet<string> = new Set([
  ...['job-id', 'job-type', 'job-attempt', 'job-starts', 'job-hop', 'job-due', 'job-target', 'job-order-key'],
  ...[
    'job-priority',
    'job-origin',
    'job-place',
    'job-paused',
    'job-first-failed-at',
    'job-error-code',
    'job-error-class',
    'job-error-message',
  ],
  ...['job-error-fingerprint', 'job-dead-reason', 'job-replay-id', 'job-replay-of', 'job-replay-turn'],
  ...['job-replay-count', 'job-edit-of', 'job-forced-by', 'job-died-in'],
]);

/**
 * The headers of the next copy of a job: foreign headers as they are, byte for byte and in order; `job-*` replaced,
 * never appended, so that they do not grow with the hops.
 */
export const withJobHeaders = (headers: RecordHeaders, job: JobHeaders): RecordHeaders => [
  ...headers.filter(([name]) => !OWN_NAMES.has(name.toLowerCase())),
  ...jobHeaderEntries(job),
];
