import type { AppDefinition } from '../../core/app.ts';
import { EsteiraError } from '../../core/errors.ts';
import { names } from '../../core/names.ts';
import { didYouMean } from '../../core/nearest-name.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import type { Serde } from '../../core/ports/serde.ts';
import { type ConsumedRecord, copyRecord, formatPosition, type RecordPosition } from '../../core/record.ts';
import { redactText, redactValue } from '../../security/redact.ts';
import { redactPayload } from '../../security/redact-payload.ts';
import {
  type DeadLetter,
  type DeadLetterSummary,
  jobOfDeadLetterTopic,
  summarize,
  toDeadLetter,
} from './dead-letter.ts';
import { type LetterPayload, readLetterPayload } from './letter-payload.ts';

export interface ShowRequest {
  readonly app: AppDefinition;
  readonly admin: BrokerAdmin;
  readonly serde: Serde;
  readonly position: RecordPosition;
  /** Also the bytes as they are, in base64: they may hold personal data and secrets. Default false. */
  readonly raw?: boolean;
}

/** What the value says, as far as it can be read; redacted, what is marked as personal too. */
export type ShownPayload =
  | { readonly readable: true; readonly as: string; readonly value: unknown }
  | { readonly readable: false; readonly code: string; readonly detail: string };

export interface ShownDeadLetter extends DeadLetterSummary {
  readonly key: string | null;
  /** Esteira's own among them; redacted. */
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: ShownPayload;
  readonly raw?: { readonly key: string | null; readonly value: string | null };
}

const notThere = (position: RecordPosition, why: string): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_USAGE',
    `there is no dead letter at ${formatPosition(position)}: ${why}; \`esteira dlq list\` shows positions`,
  );

/** One record. @throws EsteiraError ESTEIRA_USAGE when there is none at this position. */
const readOne = async (admin: BrokerAdmin, position: RecordPosition): Promise<ConsumedRecord> => {
  const { topic, partition, offset } = position;
  const ranges = (await admin.describeTopics([topic])).has(topic) ? await admin.offsetRanges(topic) : [];
  const range = ranges.find((one) => one.partition === partition);
  if (range === undefined) throw notThere(position, 'no such topic or partition');
  if (offset < range.low || offset >= range.high) {
    const holds = range.low === range.high ? 'nothing' : `${range.low} to ${range.high - 1n}`;
    throw notThere(position, `the partition holds ${holds}`);
  }
  let found: ConsumedRecord | undefined;
  await admin.read({ topic, partition, from: offset, to: offset + 1n }, (record) => {
    if (record.offset === offset) found = copyRecord(record);
    return false;
  });
  if (found === undefined) throw notThere(position, 'nothing has this offset');
  return found;
};

const payloadOf = (read: LetterPayload): ShownPayload =>
  read.ok
    ? {
        readable: true,
        as: read.format.name,
        value: redactValue(redactPayload(read.value, read.format.personal).value),
      }
    : { readable: false, code: read.code, detail: read.detail };

/** All headers as texts, redacted. */
const headersOf = (record: ConsumedRecord): Readonly<Record<string, string>> =>
  Object.fromEntries(
    record.headers.map(([name, bytes]) => [name, redactText(bytes?.toString('utf8') ?? '')]),
  );

/**
 * The dead letter at a position, with its record.
 *
 * @throws EsteiraError ESTEIRA_USAGE when the position is not that of a dead letter of this app,
 *   ESTEIRA_SERVICE_UNREACHABLE.
 */
export const readDeadLetter = async ({
  app,
  admin,
  position,
}: Pick<ShowRequest, 'app' | 'admin' | 'position'>): Promise<{
  readonly letter: DeadLetter;
  readonly record: ConsumedRecord;
}> => {
  const job = jobOfDeadLetterTopic(app, position.topic);
  if (job === undefined) {
    const topics = app.jobs.map(({ type }) => names.deadLetters(app.name, type));
    const hint = didYouMean(position.topic, topics);
    throw notThere(position, `${position.topic} is no DLQ topic of app ${app.name}${hint}`);
  }
  const record = await readOne(admin, position);
  return { letter: toDeadLetter(job, record), record };
};

/**
 * One dead letter with everything that is known of it.
 *
 * @throws EsteiraError ESTEIRA_USAGE when the position is not that of a dead letter of this app,
 *   ESTEIRA_SERVICE_UNREACHABLE.
 */
export const showDeadLetter = async (request: ShowRequest): Promise<ShownDeadLetter> => {
  const { app, serde } = request;
  const { letter, record } = await readDeadLetter(request);
  const raw = {
    key: record.key?.toString('base64') ?? null,
    value: record.value?.toString('base64') ?? null,
  };
  return {
    ...summarize(letter),
    key: record.key === null ? null : redactText(record.key.toString('utf8')),
    headers: headersOf(record),
    payload: payloadOf(await readLetterPayload(app, serde, letter, record.value)),
    ...(request.raw === true ? { raw } : {}),
  };
};
