import { z } from 'zod';
import {
  type DeadLetter,
  LETTER_STATES,
  type LetterPayload,
  type LetterState,
  summarize,
} from '../../consumers/dead-letters/index.ts';
import type { ConsumedRecord } from '../../core/record.ts';
import { redactText } from '../../security/redact.ts';
import { redactPayload } from '../../security/redact-payload.ts';

const text = z.string().nullable();
const count = z.int().nullable();

/** One line of an export: one dead letter. What is added later is new fields; `v` grows when one changes its meaning. */
export const ExportLine = z.strictObject({
  v: z.literal(1),
  position: z.string().describe('Where the letter stands: topic/partition/offset.'),
  topic: z.string(),
  partition: z.int(),
  offset: z.string().describe('A 64-bit number, as text.'),
  deadAt: z.string().describe('ISO 8601.'),
  state: z.enum(LETTER_STATES).describe('What has become of it.'),
  jobType: z.string(),
  jobId: text,
  tenant: text.describe('What the record says; not resolved.'),
  eventType: text,
  eventId: text,
  correlationId: text,
  attempts: count,
  starts: count,
  replays: z.int(),
  origin: text.describe('The first record of the job: topic/partition/offset.'),
  firstFailedAt: text,
  error: z.strictObject({ reason: text, code: text, class: text, message: text, fingerprint: text }),
  headers: z.record(z.string(), z.string()).describe('All of them, job-* among them, as texts; redacted.'),
  schema: z.strictObject({
    id: count.describe('The id its bytes name; null where they name none.'),
    name: text.describe('The full name of the Avro record, or JSON.'),
  }),
  payload: z.unknown().describe('Decoded; bytes in base64. Null where it cannot be.'),
  undecodable: z
    .strictObject({ code: z.string(), detail: z.string() })
    .nullable()
    .describe('Why it could not be decoded.'),
  redacted: z.array(z.string()).describe('Where something was hidden: paths below payload, headers and key.'),
  raw: z
    .strictObject({ key: text, value: text })
    .nullable()
    .describe('The bytes in base64; null where they would show what was hidden.'),
  rawLeftOut: text.describe('Why there are no raw bytes.'),
});
export type ExportLine = z.infer<typeof ExportLine>;

/** A letter that is to be a line. */
export interface Exported {
  readonly letter: DeadLetter;
  readonly record: ConsumedRecord;
  readonly state: LetterState;
  readonly payload: LetterPayload;
  /** Whether the decoded payload is all that its bytes hold: false where a field of the writer's schema is not read. */
  readonly isWhole: boolean;
  /** Of the schema it was written with, where the registry says so. */
  readonly schemaName: string | undefined;
  readonly unredacted: boolean;
}

const WHOLE = 2 ** 30;

/** The text, and whether something had to be hidden in it. */
const hide = (value: string, unredacted: boolean): { readonly shown: string; readonly isHidden: boolean } => {
  const shown = unredacted ? value : redactText(value, WHOLE);
  return { shown, isHidden: shown !== value };
};

const headersOf = ({
  record,
  unredacted,
}: Exported): { headers: Record<string, string>; hidden: string[] } => {
  const headers: Record<string, string> = {};
  const hidden: string[] = [];
  for (const [name, bytes] of record.headers) {
    const { shown, isHidden } = hide(bytes?.toString('utf8') ?? '', unredacted);
    Object.defineProperty(headers, name, {
      value: shown,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    if (isHidden) hidden.push(`headers.${name}`);
  }
  return { headers, hidden };
};

const schemaIdOf = ({ value }: ConsumedRecord): number | null =>
  value !== null && value.length >= 5 && value[0] === 0 ? value.readInt32BE(1) : null;

const decodedOf = ({ payload, unredacted }: Exported): { value: unknown; hidden: readonly string[] } => {
  if (!payload.ok) return { value: null, hidden: [] };
  const { value, redacted } = redactPayload(payload.value, payload.format.personal);
  if (!unredacted) return { value, hidden: redacted };
  return { value: asJson(payload.value), hidden: [] };
};

/** Bytes in base64, as in what is redacted. */
const asJson = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]: [string, unknown]) => [name, asJson(one)]),
  );
};

/** Why the raw bytes must not be shown; undefined when they may be. */
const leftOut = (one: Exported, hidden: readonly string[]): string | undefined => {
  const { payload, record, isWhole, unredacted } = one;
  if (unredacted) return undefined;
  const inside = hidden.filter((path) => !path.startsWith('headers.'));
  if (inside.length > 0) return 'they hold what is redacted';
  if (payload.ok && !isWhole) return 'they hold more than this app reads: fields that it cannot redact';
  const bytes = record.value?.toString('utf8') ?? '';
  return redactText(bytes, WHOLE) === bytes ? undefined : 'they hold what looks like a secret or an address';
};

/** The line of a dead letter. */
export const exportLine = (one: Exported): ExportLine => {
  const { letter, record, state, payload, unredacted } = one;
  const {
    errorCode,
    errorClass,
    errorMessage,
    errorFingerprint,
    reason,
    sizeBytes: _,
    ...facts
  } = summarize(letter);
  const { headers, hidden } = headersOf(one);
  const decoded = decodedOf(one);
  const key = hide(record.key?.toString('utf8') ?? '', unredacted);
  const redacted = [
    ...decoded.hidden.map((path) => (path === '(payload)' ? 'payload' : `payload.${path}`)),
    ...(key.isHidden ? ['key'] : []),
    ...hidden,
  ];
  const why = leftOut(one, redacted);
  const message = unredacted ? (letter.envelope.job?.error?.message ?? null) : errorMessage;
  return {
    v: 1,
    ...facts,
    ...{ topic: letter.at.topic, partition: letter.at.partition, offset: String(letter.at.offset), state },
    error: { reason, code: errorCode, class: errorClass, message, fingerprint: errorFingerprint },
    headers,
    schema: {
      id: payload.ok && payload.schemaId === undefined ? null : schemaIdOf(record),
      name: one.schemaName ?? payload.format?.name ?? null,
    },
    payload: decoded.value,
    undecodable: payload.ok ? null : { code: payload.code, detail: payload.detail },
    redacted,
    raw:
      why === undefined
        ? { key: record.key?.toString('base64') ?? null, value: record.value?.toString('base64') ?? null }
        : null,
    rawLeftOut: why ?? null,
  };
};
