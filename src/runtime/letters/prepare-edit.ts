import { createHash } from 'node:crypto';
import {
  type DeadLetter,
  formatOfLetter,
  type LetterFormat,
  readLetterPayload,
  refusalOf,
} from '../../consumers/dead-letters/index.ts';
import type { Delivery } from '../../consumers/delivery.ts';
import { type JobHeaders, withJobHeaders } from '../../core/envelope.ts';
import { EsteiraError } from '../../core/errors.ts';
import { unknownName } from '../../core/nearest-name.ts';
import { checkPayload } from '../../core/payload.ts';
import { type ConsumedRecord, formatPosition, movedTo, type OutgoingRecord } from '../../core/record.ts';
import { findSecrets } from '../../security/secret-guard.ts';
import type { ReplayParts } from '../replay/replay-parts.ts';
import { WorkerIntakes } from '../replay/worker-intakes.ts';
import { changePayload, type PayloadChange } from './change-payload.ts';
import { holdsKeys } from './held-keys.ts';
import { fieldsLost, type PayloadDifference, payloadDifferences } from './payload-difference.ts';

/** An edit that could be made, and what it would come to. */
export interface PreparedEdit {
  readonly letter: DeadLetter;
  /** The letter that takes its place on the DLQ. */
  readonly record: OutgoingRecord;
  readonly differences: readonly PayloadDifference[];
  /** What the payload was checked against, and why that. */
  readonly checkedAgainst: string;
  /** Whether the edited job has another idempotency key: to sinks, and to duplicates, it is another job then. */
  readonly idempotencyKey: 'same' | 'changed';
  readonly orderingKey: 'none' | 'same' | 'changed';
  /** SHA-256 of the value before and after, hexadecimal. */
  readonly before: string;
  readonly after: string;
}

/** The error of an edit that a guard does not allow. */
export const refusedEdit = (letter: DeadLetter, why: string): EsteiraError =>
  new EsteiraError('ESTEIRA_LETTER_REFUSED', `${formatPosition(letter.at)} cannot be edited: ${why}`, {
    facts: { position: formatPosition(letter.at) },
  });

const invalid = (why: string, paths: readonly string[] = []): EsteiraError =>
  new EsteiraError('ESTEIRA_PAYLOAD_INVALID', `the edited payload is refused: ${why}`, { facts: { paths } });

/** SHA-256, hexadecimal. */
export const hashOf = (value: Buffer | null): string =>
  createHash('sha256')
    .update(value ?? Buffer.alloc(0))
    .digest('hex');

const encode = async (
  { backend }: ReplayParts,
  { contract, name }: LetterFormat,
  value: unknown,
): Promise<{ readonly bytes: Buffer; readonly reads: unknown; readonly schemaId: number | undefined }> => {
  if (contract === undefined) {
    const text = JSON.stringify(value);
    return { bytes: Buffer.from(text, 'utf8'), reads: value, schemaId: undefined };
  }
  const bytes = await backend.serde.encode(contract, value);
  const decoded = await backend.serde.decode(contract, bytes);
  if (!decoded.ok) throw invalid(`it cannot be read back: ${decoded.detail}`);
  const lost = fieldsLost(value, decoded.value);
  if (lost.length === 0) return { bytes, reads: decoded.value, schemaId: decoded.schemaId };
  const fields =
    typeof decoded.value === 'object' && decoded.value !== null ? Object.keys(decoded.value) : [];
  const [only = '', another] = lost;
  const says =
    another === undefined ? unknownName(`${name} has no`, only, fields) : `${name} has no ${lost.join(', ')}`;
  throw invalid(says, lost);
};

/** A secret that was there before is not the edit's fault; one that comes with it is. */
const requireNoNewSecret = (before: unknown, after: unknown): void => {
  const known = new Set(findSecrets(before).map(({ path }) => path));
  const paths = findSecrets(after).flatMap(({ path, kind }) =>
    known.has(path) ? [] : [`${path} (${kind})`],
  );
  if (paths.length === 0) return;
  throw new EsteiraError(
    'ESTEIRA_PAYLOAD_HOLDS_SECRET',
    `the edited payload holds what looks like a secret: ${paths.join(', ')}; give a reference such as a vault path`,
    { facts: { paths } },
  );
};

const schemaWords = (
  { contract, name, check }: LetterFormat,
  written: number | undefined,
  now?: number,
): string => {
  const checked = check === 'none' ? ', and no check, as it has none' : ', and its check';
  if (contract === undefined) return `the JSON that workers read${checked}`;
  const other = written !== undefined && written !== now ? `; it was written with schema ${written}` : '';
  return `${name} as this app has it (schema ${now}), since that is what workers read it as${checked}${other}`;
};

/** As for every copy: headers stay bounded, and a long key is made again from the payload. */
const LONGEST_ORDER_KEY_BYTES = 256;

/** What its workers would make of the edited letter. */
const deliver = async (
  intakes: WorkerIntakes,
  letter: DeadLetter,
  record: ConsumedRecord,
): Promise<Delivery> => {
  const delivery = await intakes.onInbox(letter.job, record);
  if (delivery === undefined)
    throw invalid('its workers would take it for nothing of theirs: the condition of its trigger says no');
  const { deadOnArrival } = delivery;
  if (deadOnArrival !== undefined) throw invalid(`${deadOnArrival.code}: ${deadOnArrival.detail}`);
  return delivery;
};

const requireNotDone = async (
  { backend }: ReplayParts,
  letter: DeadLetter,
  deliveries: readonly (readonly [string, Delivery | undefined])[],
): Promise<void> => {
  for (const [whose, delivery] of deliveries) {
    if (delivery === undefined) continue;
    const [state] = await backend.state.inspect([delivery.claim]);
    if (state?.kind === 'done') throw refusedEdit(letter, `${whose} is done already, so it would be skipped`);
    if (state?.kind === 'running' && state.untilMs > state.nowMs)
      throw refusedEdit(letter, `${whose} runs now`);
  }
};

/** A letter and its record. */
export interface FoundLetter {
  readonly letter: DeadLetter;
  readonly record: ConsumedRecord;
}

/** The new payload, checked by its schema and by its check. */
const changed = async (parts: ReplayParts, { letter, record }: FoundLetter, change: PayloadChange) => {
  const { serde } = parts.backend;
  const format = await formatOfLetter(parts.app, serde, letter, record.value);
  if (format === undefined) throw refusedEdit(letter, 'the app knows no such event or payload');
  const read = await readLetterPayload(parts.app, serde, letter, record.value);
  if (!read.ok && read.code === 'ESTEIRA_REGISTRY_UNAVAILABLE')
    throw new EsteiraError(read.code, read.detail);
  const old = read.ok ? read.value : undefined;
  const { bytes, reads, schemaId } = await encode(parts, format, changePayload(old, change));
  requireNoNewSecret(old, reads);
  const problems = checkPayload(format.check, reads);
  if (problems.length > 0) throw invalid(`its check says ${problems.join('; ')}`, problems);
  const differences = payloadDifferences(old, reads, format.personal);
  if (differences.length === 0)
    throw refusedEdit(letter, 'nothing would change; `esteira dlq replay` runs it as it is');
  const checkedAgainst = schemaWords(format, read.ok ? read.schemaId : undefined, schemaId);
  return { bytes, differences, checkedAgainst };
};

/** What the workers make of the letter as it is, and of the edited one. */
const asWorkersTakeIt = async (
  parts: ReplayParts,
  { letter, record }: FoundLetter,
  { bytes, isTakenUp }: { readonly bytes: Buffer; readonly isTakenUp: boolean },
) => {
  const intakes = new WorkerIntakes(parts.app, parts.backend);
  const { orderKey: oldKey, ...dead } = letter.envelope.job ?? NO_HEADERS;
  // Without the old ordering key, so that it is made of the new payload; and not by spreading the record: one of an
  // adapter may be more than its fields.
  const headers = withJobHeaders(record.headers, dead);
  const edited = { ...movedTo(record.topic, record), value: bytes, headers };
  const now = await deliver(intakes, letter, edited);
  const before = await intakes.onInbox(letter.job, record);
  if (!isTakenUp)
    await requireNotDone(parts, letter, [
      ['its job', before],
      ['a job with the idempotency key of the edited payload', now],
    ]);
  const orderKey = now.job.orderKey ?? oldKey;
  const isSameOrder = orderKey === (before?.job.orderKey ?? oldKey);
  const isSameJob = before?.claim.idempotencyKey === now.claim.idempotencyKey;
  return { orderKey, isSameOrder, isSameJob, dead };
};

const NO_HEADERS: JobHeaders = { id: '', type: '', attempt: 1, starts: 0, hop: 0, replayCount: 0 };

const fitsHeader = (orderKey: string | undefined): orderKey is string =>
  orderKey !== undefined && Buffer.byteLength(orderKey) <= LONGEST_ORDER_KEY_BYTES;

/**
 * Says what an edit of a dead letter would come to, and makes its bytes. Changes nothing.
 *
 * @param options `isTakenUp`: it was written before, so what its job came to meanwhile is nothing against it
 * @throws EsteiraError ESTEIRA_LETTER_REFUSED (it must not go back, is done, or nothing would change), ESTEIRA_USAGE (a path
 *   leads nowhere), ESTEIRA_PAYLOAD_INVALID, ESTEIRA_PAYLOAD_HOLDS_SECRET, ESTEIRA_SCHEMA_NOT_REGISTERED,
 *   ESTEIRA_REGISTRY_UNAVAILABLE, ESTEIRA_STATE_UNAVAILABLE
 */
export const prepareEdit = async (
  parts: ReplayParts,
  found: FoundLetter,
  change: PayloadChange,
  { isTakenUp = false }: { readonly isTakenUp?: boolean } = {},
): Promise<PreparedEdit> => {
  const { letter, record } = found;
  const refusal = refusalOf(letter);
  if (refusal !== undefined) throw refusedEdit(letter, refusal);
  const { bytes, differences, checkedAgainst } = await changed(parts, found, change);
  const { orderKey, isSameOrder, isSameJob, dead } = await asWorkersTakeIt(parts, found, {
    bytes,
    isTakenUp,
  });
  const orderingKey = !letter.job.ordered ? 'none' : isSameOrder ? 'same' : 'changed';
  if (orderingKey === 'changed' && holdsKeys(letter.job))
    throw refusedEdit(
      letter,
      'it would get another ordering key, and its job type holds keys after a dead letter: the order of both keys would be lost; discard it, and dispatch what it should have been',
    );
  const { topic, partition } = letter.at;
  const headers = withJobHeaders(record.headers, {
    ...dead,
    ...(fitsHeader(orderKey) ? { orderKey } : {}),
    ...{ replayCount: 0, editOf: formatPosition(letter.at) },
  });
  return {
    ...{ letter, differences, orderingKey, checkedAgainst },
    record: { topic, partition, key: record.key, value: bytes, headers },
    idempotencyKey: isSameJob ? 'same' : 'changed',
    before: hashOf(record.value),
    after: hashOf(bytes),
  };
};
