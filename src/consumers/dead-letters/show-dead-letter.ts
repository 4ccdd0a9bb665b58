import type { AppDefinition } from '../../core/app.ts';
import type { AvroContract } from '../../core/contract.ts';
import { dispatchFormat } from '../../core/dispatch.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import type { Serde } from '../../core/ports/serde.ts';
import { type ConsumedRecord, copyRecord, formatPosition, type RecordPosition } from '../../core/record.ts';
import { redactText, redactValue } from '../../security/redact.ts';
import {
  type DeadLetter,
  type DeadLetterSummary,
  jobOfDeadLetterTopic,
  summarize,
  toDeadLetter,
} from './dead-letter.ts';

export interface ShowRequest {
  readonly app: AppDefinition;
  readonly admin: BrokerAdmin;
  readonly serde: Serde;
  readonly position: RecordPosition;
  /** Also the bytes as they are, in base64: they may hold personal data and secrets. Default false. */
  readonly raw?: boolean;
}

/** What the value says, as far as it can be read; redacted. */
export type ShownPayload =
  | { readonly readable: true; readonly as: string; readonly value: unknown }
  | { readonly readable: false; readonly code: string; readonly detail: string };

export interface ShownDeadLetter extends DeadLetterSummary {
  readonly key: string | null;
  /** Headers that are not Esteira's own, redacted. */
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

/** What the value of a dead letter was written as: an Avro contract, JSON, or nothing that the app knows. */
const formatOf = async (
  app: AppDefinition,
  serde: Serde,
  letter: DeadLetter,
  value: Buffer | null,
): Promise<AvroContract<unknown> | 'json' | undefined> => {
  const { eventType } = letter.envelope;
  const dispatch = dispatchFormat(app.name, letter.job);
  if (eventType !== undefined && dispatch?.type === eventType && dispatch.kind !== 'event') {
    return dispatch.kind === 'json' ? 'json' : dispatch.contract;
  }
  const name = eventType === undefined ? await serde.recordName(value) : undefined;
  return app.events.find((event) => event.type === eventType || event.contract.name === name)?.contract;
};

const unreadable = (code: string, detail: string): ShownPayload => ({ readable: false, code, detail });

const readJson = (value: Buffer): ShownPayload => {
  try {
    return { readable: true, as: 'JSON', value: redactValue(JSON.parse(value.toString('utf8'))) };
  } catch {
    // The parser's message quotes the payload.
    return unreadable('BODY_MALFORMED', `${value.length} bytes are not JSON`);
  }
};

const readPayload = async (
  app: AppDefinition,
  serde: Serde,
  letter: DeadLetter,
  value: Buffer | null,
): Promise<ShownPayload> => {
  if (value === null) return unreadable('TOMBSTONE', 'the record has no value');
  try {
    const format = await formatOf(app, serde, letter, value);
    if (format === undefined) return unreadable('TYPE_UNKNOWN', 'the app knows no such event or payload');
    if (format === 'json') return readJson(value);
    const decoded = await serde.decode(format, value);
    return decoded.ok
      ? { readable: true, as: format.name, value: redactValue(decoded.value) }
      : unreadable(decoded.code, decoded.detail);
  } catch (error) {
    // What else is known of the letter is worth showing while the registry is away.
    if (!(error instanceof EsteiraError)) throw error;
    return unreadable(error.code, error.message);
  }
};

const OWN_HEADER = /^job-/i;

const foreignHeaders = (record: ConsumedRecord): Readonly<Record<string, string>> =>
  Object.fromEntries(
    record.headers
      .filter(([name]) => !OWN_HEADER.test(name))
      .map(([name, bytes]) => [name, redactText(bytes?.toString('utf8') ?? '')]),
  );

/**
 * One dead letter with everything that is known of it.
 *
 * @throws EsteiraError ESTEIRA_USAGE when the position is not that of a dead letter of this app,
 *   ESTEIRA_SERVICE_UNREACHABLE.
 */
export const showDeadLetter = async (request: ShowRequest): Promise<ShownDeadLetter> => {
  const { app, admin, serde, position } = request;
  const job = jobOfDeadLetterTopic(app, position.topic);
  if (job === undefined) throw notThere(position, `${position.topic} is no DLQ topic of app ${app.name}`);
  const record = await readOne(admin, position);
  const letter = toDeadLetter(job, record);
  const raw = {
    key: record.key?.toString('base64') ?? null,
    value: record.value?.toString('base64') ?? null,
  };
  return {
    ...summarize(letter),
    key: record.key === null ? null : redactText(record.key.toString('utf8')),
    headers: foreignHeaders(record),
    payload: await readPayload(app, serde, letter, record.value),
    ...(request.raw === true ? { raw } : {}),
  };
};
