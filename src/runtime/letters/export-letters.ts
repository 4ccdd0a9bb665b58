import {
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterRange,
  deadLetterRanges,
  jobTypesOf,
  type LetterPayload,
  type LetterState,
  matches,
  readLetterPayload,
  toDeadLetter,
} from '../../consumers/dead-letters/index.ts';
import { isEsteiraError } from '../../core/errors.ts';
import { type ConsumedRecord, copyRecord } from '../../core/record.ts';
import { requireWho } from '../control/audited.ts';
import { type ReplayParts, requireRole } from '../replay/replay-parts.ts';
import { type ExportLine, exportLine } from './export-line.ts';
import { auditLetterStep } from './letter-audit.ts';
import { type LetterLedger, readLetterLedger } from './letter-ledger.ts';
import { selectionWords } from './letter-selection.ts';

export interface ExportRequest {
  readonly jobType?: string;
  readonly filter?: DeadLetterFilter;
  /** Only those of which this became; default all. */
  readonly states?: readonly LetterState[];
  /** Why secrets and personal data are to be in it, unredacted; without it they are not. */
  readonly unredactedBecause?: string;
}

/** Some lines at a time. `read`: records read so far. */
export interface ExportPart {
  readonly lines: readonly ExportLine[];
  readonly read: number;
}

const CHUNK_RECORDS = 500;
const CHUNK_BYTES = 8_388_608;

interface Chunk {
  readonly letters: readonly { readonly letter: DeadLetter; readonly record: ConsumedRecord }[];
  readonly read: number;
  /** Where the next begins. */
  readonly next: bigint;
}

/** The next records of a range that the filter means, as many as fit in memory. */
const readChunk = async (
  { backend }: ReplayParts,
  { job, topic, partition, high }: DeadLetterRange,
  from: bigint,
  filter: DeadLetterFilter,
): Promise<Chunk> => {
  const letters: { letter: DeadLetter; record: ConsumedRecord }[] = [];
  let bytes = 0;
  let read = 0;
  let next = high;
  await backend.broker.admin.read({ topic, partition, from, to: high }, (record) => {
    read += 1;
    const letter = toDeadLetter(job, record);
    if (matches(letter, filter)) {
      letters.push({ letter, record: copyRecord(record) });
      bytes += letter.sizeBytes;
    }
    const isFull = letters.length >= CHUNK_RECORDS || bytes >= CHUNK_BYTES;
    if (isFull) next = record.offset + 1n;
    return !isFull;
  });
  return { letters, read, next };
};

/** Makes lines of letters. */
class LineMaker {
  readonly #parts: ReplayParts;
  readonly #ledger: LetterLedger;
  readonly #request: ExportRequest;

  constructor(parts: ReplayParts, ledger: LetterLedger, request: ExportRequest) {
    this.#parts = parts;
    this.#ledger = ledger;
    this.#request = request;
  }

  async line({ letter, record }: Chunk['letters'][number]): Promise<ExportLine | undefined> {
    const { states, unredactedBecause } = this.#request;
    const state = this.#ledger.stateOf(letter);
    if (states?.includes(state) === false) return undefined;
    const { app, backend } = this.#parts;
    const payload = await readLetterPayload(app, backend.serde, letter, record.value);
    const unredacted = unredactedBecause !== undefined;
    return exportLine({
      ...{ letter, record, state, payload, unredacted },
      isWhole: unredacted || (await this.#isWhole(payload, record)),
      schemaName: await this.#schemaName(record),
    });
  }

  /** What is written again from what was read is the same bytes only when nothing in them was passed over. */
  async #isWhole(payload: LetterPayload, { value }: ConsumedRecord): Promise<boolean> {
    if (!payload.ok) return false;
    const { contract } = payload.format;
    if (contract === undefined) return true;
    try {
      const again = await this.#parts.backend.serde.encode(contract, payload.value);
      return value !== null && again.equals(value);
    } catch (error) {
      // Its own schema is not registered, or the registry is away: then nobody can say.
      if (isEsteiraError(error)) return false;
      throw error;
    }
  }

  async #schemaName({ value }: ConsumedRecord): Promise<string | undefined> {
    try {
      return await this.#parts.backend.serde.recordName(value);
    } catch (error) {
      if (isEsteiraError(error, 'ESTEIRA_REGISTRY_UNAVAILABLE')) return undefined;
      throw error;
    }
  }
}

const requireLeave = async (parts: ReplayParts, request: ExportRequest): Promise<void> => {
  const { unredactedBecause: reason } = request;
  if (reason === undefined) return;
  requireRole(parts, 'approver', 'export dead letters unredacted');
  requireWho('an unredacted export', { actor: parts.operator.name, reason });
  const selection = selectionWords(request);
  await auditLetterStep(parts, {
    ...{ action: 'dlq.export', subject: selection === '' ? 'all dead letters' : selection, reason },
    details: {
      unredacted: 'true',
      ...(request.states === undefined ? {} : { states: request.states.join(', ') }),
    },
  });
};

/**
 * The dead letters that are meant, as lines, some at a time: never more than a few megabytes are held. What is written
 * meanwhile is in none. Secrets, addresses and what is marked as personal are hidden unless a reason is given for them,
 * which takes the role approver and is audited before the first line.
 *
 * @throws EsteiraError ESTEIRA_OPERATOR_REFUSED, ESTEIRA_AUDIT_UNAVAILABLE (nothing was read), ESTEIRA_JOB_TYPE_UNKNOWN,
 *   ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE
 */
export async function* exportLetters(parts: ReplayParts, request: ExportRequest): AsyncGenerator<ExportPart> {
  const { jobType, filter = {} } = request;
  const { app, backend } = parts;
  await requireLeave(parts, request);
  const maker = new LineMaker(parts, await readLetterLedger(parts.control), request);
  const ranges = await deadLetterRanges(app, backend.broker.admin, jobTypesOf(app, jobType), filter);
  let read = 0;
  for (const range of ranges) {
    for (let from = range.low; from < range.high; ) {
      const chunk = await readChunk(parts, range, from, filter);
      const lines: ExportLine[] = [];
      for (const one of chunk.letters) {
        const line = await maker.line(one);
        if (line !== undefined) lines.push(line);
      }
      read += chunk.read;
      from = chunk.next;
      yield { lines, read };
    }
  }
}
