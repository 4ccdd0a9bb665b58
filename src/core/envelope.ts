import type { HeaderEntry, RecordHeaders } from './record.ts';

/**
 * What a record carries beside its bytes: the CloudEvents context (Kafka binding, binary mode) and Esteira's own
 * `job-*` headers. `job-*` is trusted only on Esteira's own topics; elsewhere it is read as absent.
 */
export interface Envelope {
  readonly eventId?: string;
  readonly eventType?: string;
  readonly source?: string;
  /** Epoch ms of the event. */
  readonly eventTimeMs?: number;
  readonly tenant?: string;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly userId?: string;
  readonly traceparent?: string;
  readonly contentType?: string;
  readonly job?: JobHeaders;
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
  readonly orderKey?: string;
  /** 1 (first) to 10. */
  readonly priority?: number;
  /** `topic/partition/offset` of the first record of the job; absent on a fresh dispatch. */
  readonly origin?: string;
  readonly firstFailedAtMs?: number;
  readonly error?: {
    readonly code: string;
    readonly class: string;
    readonly message: string;
    readonly fingerprint: string;
  };
  readonly deadReason?: string;
  readonly replayId?: string;
  readonly replayCount: number;
}

/** The first value of each header as text, by lower-case name. */
const textByName = (headers: RecordHeaders): ReadonlyMap<string, string> => {
  const texts = new Map<string, string>();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (value !== null && !texts.has(lower)) texts.set(lower, value.toString('utf8'));
  }
  return texts;
};

/** Ids of a foreign hand go into every record that is written of the job: they are cut to what fits. */
const LONGEST_ID = 256;

const bounded = (text: string | undefined): string | undefined => text?.slice(0, LONGEST_ID);

const wholeNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

const optional = <K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined || value === '' ? {} : { [name]: value }) as { [P in K]?: V };

const parseError = (texts: ReadonlyMap<string, string>): JobHeaders['error'] => {
  const code = texts.get('job-error-code');
  if (code === undefined) return undefined;
  return {
    code,
    class: texts.get('job-error-class') ?? 'transient',
    message: texts.get('job-error-message') ?? '',
    fingerprint: texts.get('job-error-fingerprint') ?? '',
  };
};

const parseJob = (texts: ReadonlyMap<string, string>): JobHeaders | undefined => {
  const id = texts.get('job-id');
  const type = texts.get('job-type');
  if (id === undefined || type === undefined) return undefined;
  return {
    id,
    type,
    attempt: Math.max(1, wholeNumber(texts.get('job-attempt')) ?? 1),
    starts: wholeNumber(texts.get('job-starts')) ?? 0,
    hop: wholeNumber(texts.get('job-hop')) ?? 0,
    replayCount: wholeNumber(texts.get('job-replay-count')) ?? 0,
    ...optional('dueMs', wholeNumber(texts.get('job-due'))),
    ...optional('target', texts.get('job-target')),
    ...optional('orderKey', texts.get('job-order-key')),
    ...optional('priority', wholeNumber(texts.get('job-priority'))),
    ...optional('origin', texts.get('job-origin')),
    ...optional('firstFailedAtMs', wholeNumber(texts.get('job-first-failed-at'))),
    ...optional('error', parseError(texts)),
    ...optional('deadReason', texts.get('job-dead-reason')),
    ...optional('replayId', texts.get('job-replay-id')),
  };
};

const parseTime = (text: string | undefined): number | undefined => {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
};

/** Reads the headers of a record; `ownTopic` says whether its `job-*` headers were written by Esteira. */
export const parseEnvelope = (headers: RecordHeaders, ownTopic: boolean): Envelope => {
  const texts = textByName(headers);
  return {
    ...optional('eventId', texts.get('ce_id')),
    ...optional('eventType', texts.get('ce_type')),
    ...optional('source', texts.get('ce_source')),
    ...optional('eventTimeMs', parseTime(texts.get('ce_time'))),
    ...optional('tenant', texts.get('ce_tenantid')),
    ...optional('correlationId', bounded(texts.get('ce_correlationid'))),
    ...optional('causationId', bounded(texts.get('ce_causationid'))),
    ...optional('userId', bounded(texts.get('ce_userid'))),
    ...optional('traceparent', bounded(texts.get('traceparent'))),
    ...optional('contentType', texts.get('content-type')),
    ...optional('job', ownTopic ? parseJob(texts) : undefined),
  };
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
  ...entry('job-first-failed-at', job.firstFailedAtMs),
  ...entry('job-error-code', job.error?.code),
  ...entry('job-error-class', job.error?.class),
  ...entry('job-error-message', job.error?.message),
  ...entry('job-error-fingerprint', job.error?.fingerprint),
  ...entry('job-dead-reason', job.deadReason),
  ...entry('job-replay-id', job.replayId),
  ...entry('job-replay-count', job.replayCount > 0 ? job.replayCount : undefined),
];

/** Every header name that Esteira owns; a foreign header that merely starts with `job-` is left alone. */
const OWN_NAMES: ReadonlySet<string> = new Set([
  ...['job-id', 'job-type', 'job-attempt', 'job-starts', 'job-hop', 'job-due', 'job-target', 'job-order-key'],
  ...[
    'job-priority',
    'job-origin',
    'job-first-failed-at',
    'job-error-code',
    'job-error-class',
    'job-error-message',
  ],
  ...['job-error-fingerprint', 'job-dead-reason', 'job-replay-id', 'job-replay-count'],
]);

/**
 * The headers of the next copy of a job: foreign headers as they are, byte for byte and in order; `job-*` replaced,
 * never appended, so that they do not grow with the hops.
 */
export const withJobHeaders = (headers: RecordHeaders, job: JobHeaders): RecordHeaders => [
  ...headers.filter(([name]) => !OWN_NAMES.has(name.toLowerCase())),
  ...jobHeaderEntries(job),
];
