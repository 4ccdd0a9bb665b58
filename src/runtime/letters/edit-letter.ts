import {
  type DeadLetter,
  deadLetterRanges,
  readDeadLetter,
  scanRanges,
} from '../../consumers/dead-letters/index.ts';
import { parseEnvelope } from '../../core/envelope.ts';
import {
  type ConsumedRecord,
  copyRecord,
  formatPosition,
  parsePosition,
  type RecordPosition,
} from '../../core/record.ts';
import { requireWho } from '../control/audited.ts';
import { takeReplayLock } from '../replay/replay-lock.ts';
import { policyOf, type ReplayParts, requireRole } from '../replay/replay-parts.ts';
import type { PayloadChange } from './change-payload.ts';
import { auditLetterStep } from './letter-audit.ts';
import { type LetterLedger, readLetterLedger } from './letter-ledger.ts';
import { type EditValue, letterSubjects } from './letter-values.ts';
import { type FoundLetter, hashOf, type PreparedEdit, prepareEdit, refusedEdit } from './prepare-edit.ts';
import { type EditedReplay, replayEdited } from './replay-edited.ts';

export interface EditRequest {
  readonly position: RecordPosition;
  readonly change: PayloadChange;
  /** Why; goes into the audit, redacted. */
  readonly reason: string;
  /** False (the default) only says what would be changed. */
  readonly run?: boolean;
}

/** What an edit came to. */
export interface EditResult extends Omit<PreparedEdit, 'letter' | 'record'> {
  /** The letter as it was, which stays. */
  readonly position: string;
  readonly jobId: string;
  readonly jobType: string;
  /** Where the edited letter stands; null on a dry run. */
  readonly edited: string | null;
  /** What became of the edited letter; null on a dry run. */
  readonly replay: EditedReplay | null;
}

const stateProblem = (ledger: LetterLedger, letter: DeadLetter): string | undefined => {
  switch (ledger.stateOf(letter)) {
    case 'discarded':
      return 'it was discarded; `esteira dlq restore` takes that back';
    case 'replayed':
      return 'it was replayed: if its job dies again, edit the letter it becomes';
    case 'done':
      return 'its job is done';
    case 'edited':
      return `it was edited: ${ledger.editOf(formatPosition(letter.at))?.at} stands in its place, edit that one`;
    default:
      return undefined;
  }
};

/** @throws EsteiraError ESTEIRA_LETTER_REFUSED when its job has died again later */
const requireLast = async ({ app, backend }: ReplayParts, letter: DeadLetter): Promise<void> => {
  const { admin } = backend.broker;
  const { id = '', hop = 0 } = letter.envelope.job ?? {};
  const own = formatPosition(letter.at);
  let later: string | undefined;
  const ranges = await deadLetterRanges(app, admin, [letter.job], {});
  await scanRanges(admin, ranges, { jobId: id }, ({ at, envelope }) => {
    const { job } = envelope;
    if (job !== undefined && job.hop > hop && job.editOf !== own) later = formatPosition(at);
  });
  if (later !== undefined) throw refusedEdit(letter, `its job died again later, at ${later}: edit that one`);
};

/** Where the partition of a letter ends now. */
const endOf = async ({ backend }: ReplayParts, { topic, partition }: RecordPosition): Promise<bigint> => {
  const ranges = await backend.broker.admin.offsetRanges(topic);
  return ranges.find((range) => range.partition === partition)?.high ?? 0n;
};

/** The edited letter that a process wrote before it died; undefined when it wrote none. */
const findEdited = async (
  parts: ReplayParts,
  { letter }: FoundLetter,
  from: bigint,
): Promise<ConsumedRecord | undefined> => {
  const { topic, partition } = letter.at;
  const own = formatPosition(letter.at);
  const mark = Buffer.from(own);
  let found: ConsumedRecord | undefined;
  const range = { topic, partition, from, to: await endOf(parts, letter.at) };
  if (range.from >= range.to) return undefined;
  await parts.backend.broker.admin.read(range, (record) => {
    // Others are passed over before their headers are parsed.
    const isNamed = record.headers.some(
      ([name, value]) => name === 'job-edit-of' && value?.equals(mark) === true,
    );
    if (isNamed && parseEnvelope(record.headers, true).job?.editOf === own) found = copyRecord(record);
    return found === undefined;
  });
  return found;
};

/** One edit, under the claim to its DLQ. */
class LetterEdit {
  readonly #parts: ReplayParts;
  readonly #found: FoundLetter;
  readonly #request: EditRequest;
  readonly #position: string;

  constructor(parts: ReplayParts, found: FoundLetter, request: EditRequest) {
    this.#parts = parts;
    this.#found = found;
    this.#request = request;
    this.#position = formatPosition(found.letter.at);
  }

  /** Where the edited letter stands, and what it was prepared to be. */
  async run(): Promise<{ readonly prepared: PreparedEdit; readonly at: RecordPosition }> {
    const ledger = await readLetterLedger(this.#parts.control);
    const before = ledger.editOf(this.#position);
    if (before !== undefined) {
      const taken = await this.#takeUp(before);
      if (taken !== undefined) return taken;
    }
    const { letter } = this.#found;
    const problem = stateProblem(ledger, letter);
    if (problem !== undefined) throw refusedEdit(letter, problem);
    await requireLast(this.#parts, letter);
    const prepared = await prepareEdit(this.#parts, this.#found, this.#request.change);
    return { prepared, at: await this.#write(prepared) };
  }

  /** Goes on with an edit that was cut off, where it is this one; undefined when nothing was written of it. */
  async #takeUp(before: EditValue) {
    const { letter } = this.#found;
    const known = before.at === undefined ? undefined : parsePosition(before.at);
    const record =
      known === undefined ? await findEdited(this.#parts, this.#found, BigInt(before.end)) : undefined;
    const at = known ?? record;
    if (at === undefined) return undefined;
    if (known === undefined) await this.#close({ ...before, after: hashOf(record?.value ?? null) }, at);
    const { change } = this.#request;
    const prepared = await prepareEdit(this.#parts, this.#found, change, { isTakenUp: true });
    const after = known === undefined ? hashOf(record?.value ?? null) : before.after;
    if (prepared.after === after) return { prepared, at };
    const where = formatPosition(at);
    throw refusedEdit(
      letter,
      `${before.actor} edited it otherwise: ${where} stands in its place, edit that one`,
    );
  }

  async #write(prepared: PreparedEdit): Promise<RecordPosition> {
    const { control, connectWriter } = this.#parts;
    const { letter, before, after } = prepared;
    const end = await endOf(this.#parts, letter.at);
    const { reason } = this.#request;
    const signature = await auditLetterStep(this.#parts, {
      ...{ action: 'dlq.edit', subject: this.#position, reason, tenantId: letter.envelope.tenant ?? '' },
      details: detailsOf(prepared),
    });
    const kind = 'letters.edit';
    const value: EditValue = {
      ...signature,
      kind,
      state: 'begun',
      of: this.#position,
      end: String(end),
      before,
      after,
    };
    await control.append([{ subject: letterSubjects.edit(this.#position), value }]);
    const { producer } = await connectWriter();
    const { deadlineMs } = policyOf(this.#parts);
    const at = await producer.send(prepared.record, { deadlineMs });
    await this.#close(value, at);
    return at;
  }

  async #close(value: EditValue, at: RecordPosition): Promise<void> {
    const done: EditValue = { ...value, state: 'done', at: formatPosition(at) };
    await this.#parts.control.append([{ subject: letterSubjects.edit(this.#position), value: done }]);
  }
}

const MOST_AUDITED = 50;

const detailsOf = ({
  letter,
  differences,
  checkedAgainst,
  idempotencyKey,
  orderingKey,
  before,
  after,
}: PreparedEdit): Readonly<Record<string, string>> => ({
  jobId: letter.envelope.job?.id ?? '',
  jobType: letter.job.type,
  differences: JSON.stringify(differences.slice(0, MOST_AUDITED)),
  differencesInAll: String(differences.length),
  ...{ checkedAgainst, idempotencyKey, orderingKey, before, after },
});

const resultOf = (
  { letter, record: _, ...prepared }: PreparedEdit,
  edited: string | null,
  replay: EditedReplay | null,
): EditResult => ({
  ...prepared,
  position: formatPosition(letter.at),
  jobId: letter.envelope.job?.id ?? '',
  jobType: letter.job.type,
  edited,
  replay,
});

/**
 * Runs one dead letter with another payload. The letter stays; beside it an edited one is written, with the same job,
 * event and place, and that one is replayed as any other: one run a DLQ, audited, in the order of its key. A dry run unless
 * `run` is true. Cut off at any step and asked for again with the same change, it goes on, and writes nothing twice.
 *
 * @throws EsteiraError ESTEIRA_USAGE, ESTEIRA_OPERATOR_REFUSED, ESTEIRA_LETTER_REFUSED, ESTEIRA_PAYLOAD_INVALID,
 *   ESTEIRA_PAYLOAD_HOLDS_SECRET, ESTEIRA_AUDIT_UNAVAILABLE (nothing was changed), ESTEIRA_REPLAY_REFUSED (a replay of its
 *   DLQ runs), ESTEIRA_PUBLISH_UNKNOWN (ask again), ESTEIRA_RECORD_TOO_LARGE, ESTEIRA_REGISTRY_UNAVAILABLE,
 *   ESTEIRA_STATE_UNAVAILABLE, ESTEIRA_BROKER_UNAVAILABLE
 */
export const editLetter = async (parts: ReplayParts, request: EditRequest): Promise<EditResult> => {
  const { app, backend, operator } = parts;
  const { position, change, reason, run = false } = request;
  requireRole(parts, 'operator', 'edit a dead letter');
  requireWho('an edit', { actor: operator.name, reason });
  const found = await readDeadLetter({ app, admin: backend.broker.admin, position });
  if (!run) {
    const ledger = await readLetterLedger(parts.control);
    const problem = stateProblem(ledger, found.letter);
    if (problem !== undefined) throw refusedEdit(found.letter, problem);
    await requireLast(parts, found.letter);
    return resultOf(await prepareEdit(parts, found, change), null, null);
  }
  const lock = await takeReplayLock(parts, `edit of ${formatPosition(position)}`, [position.topic]);
  const { prepared, at } = await new LetterEdit(parts, found, request).run().finally(
    // A claim that cannot be taken away ends by itself.
    () => lock.release().catch(() => undefined),
  );
  const replay = await replayEdited(parts, at, reason);
  return resultOf(prepared, formatPosition(at), replay);
};
