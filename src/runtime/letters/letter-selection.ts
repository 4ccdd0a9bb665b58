import {
  type DeadLetter,
  type DeadLetterFilter,
  deadLetterRanges,
  jobOfDeadLetterTopic,
  jobTypesOf,
  type LetterState,
  readFirst,
  scanRanges,
  toDeadLetter,
} from '../../consumers/dead-letters/index.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { JobDefinition } from '../../core/job.ts';
import { type ConsumedRecord, formatPosition, partitionKey, type RecordPosition } from '../../core/record.ts';
import { redactText } from '../../security/redact.ts';
import { filterWords } from '../replay/filter-words.ts';
import { packOffsets, unpackOffsets } from '../replay/offset-runs.ts';
import type { ReplayParts } from '../replay/replay-parts.ts';
import type { DeedPositions } from './letter-values.ts';

/** Which dead letters are meant: positions, or a job type and conditions. */
export interface LetterSelection {
  readonly positions?: readonly RecordPosition[];
  readonly jobType?: string;
  readonly filter?: DeadLetterFilter;
}

type Services = Pick<ReplayParts, 'app' | 'backend'>;

const isFiltered = ({ jobType, filter = {} }: LetterSelection): boolean =>
  jobType !== undefined || Object.keys(filter).length > 0;

/** @throws EsteiraError ESTEIRA_USAGE when nothing, or too much, says which */
export const requireSelection = (selection: LetterSelection): void => {
  const isPositions = (selection.positions?.length ?? 0) > 0;
  if (isPositions !== isFiltered(selection)) return;
  throw new EsteiraError(
    'ESTEIRA_USAGE',
    'say which dead letters are meant: either positions, or a job type or another condition',
  );
};

/**
 * The job types whose dead letters are meant.
 *
 * @throws EsteiraError ESTEIRA_JOB_TYPE_UNKNOWN, ESTEIRA_USAGE (a position on no DLQ topic of the app)
 */
export const jobsMeant = (
  { app }: Pick<ReplayParts, 'app'>,
  selection: LetterSelection,
): readonly JobDefinition<unknown>[] => {
  const { positions = [] } = selection;
  if (positions.length === 0) return jobTypesOf(app, selection.jobType);
  const jobs = positions.map((at) => {
    const job = jobOfDeadLetterTopic(app, at.topic);
    if (job !== undefined) return job;
    throw new EsteiraError(
      'ESTEIRA_USAGE',
      `${formatPosition(at)}: ${at.topic} is no DLQ topic of app ${app.name}; \`esteira dlq list\` shows positions`,
    );
  });
  return [...new Set(jobs)];
};

const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : Number(a > b));

/**
 * Calls back with each dead letter that is meant and there, per partition in order. Records are views: copy what is kept.
 *
 * @throws EsteiraError ESTEIRA_USAGE, ESTEIRA_JOB_TYPE_UNKNOWN, ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE
 */
export const eachLetter = async (
  parts: Services,
  selection: LetterSelection,
  onLetter: (letter: DeadLetter, record: ConsumedRecord) => void,
): Promise<void> => {
  requireSelection(selection);
  const { admin } = parts.backend.broker;
  const { filter = {}, positions = [] } = selection;
  const byPosition = positions.length > 0;
  const ranges = await deadLetterRanges(
    parts.app,
    admin,
    jobsMeant(parts, selection),
    byPosition ? {} : filter,
  );
  if (!byPosition) {
    await scanRanges(admin, ranges, filter, onLetter);
    return;
  }
  for (const { job, topic, partition } of ranges) {
    const meant = positions.filter((at) => at.topic === topic && at.partition === partition);
    let offsets = [...new Set(meant.map(({ offset }) => offset))].sort(ascending);
    while (offsets.length > 0) {
      const { records, taken } = await readFirst(admin, { topic, partition }, offsets);
      for (const record of records) onLetter(toDeadLetter(job, record), record);
      offsets = offsets.slice(taken);
    }
  }
};

const MOST_NAMED = 3;

/** What is meant, in words; redacted. */
export const selectionWords = ({ jobType, filter = {}, positions = [] }: LetterSelection): string => {
  const named = positions.slice(0, MOST_NAMED).map(formatPosition).join(', ');
  const more = positions.length > MOST_NAMED ? ` and ${positions.length - MOST_NAMED} more` : '';
  return redactText(
    [
      ...(jobType === undefined ? [] : [`job type ${jobType}`]),
      ...filterWords(filter),
      ...(named === '' ? [] : [named + more]),
    ].join(', '),
  );
};

/** Chosen offsets of one partition, ascending. */
export interface ChosenPartition {
  readonly topic: string;
  readonly partition: number;
  readonly offsets: bigint[];
}

/** Positions of a chunk: an entry of the control topic stays small, whatever the offsets are. */
const CHUNK_POSITIONS = 5_000;

/** The letters of a deed: where they stand, and how many of the others were left out for what became of them. */
export class ChosenLetters {
  readonly #states: readonly LetterState[];
  readonly #partitions = new Map<string, ChosenPartition>();
  readonly #leftOut = new Map<LetterState, number>();
  readonly #reasons = new Map<string, number>();
  #size = 0;

  /** @param states what a letter must be to be chosen */
  constructor(states: readonly LetterState[]) {
    this.#states = states;
  }

  /** Takes a letter in, unless its state is another. Answers whether it did. */
  add({ at, envelope }: DeadLetter, state: LetterState): boolean {
    if (!this.#states.includes(state)) {
      this.#leftOut.set(state, (this.#leftOut.get(state) ?? 0) + 1);
      return false;
    }
    const { topic, partition } = at;
    const known = this.#partitions.get(partitionKey(at)) ?? { topic, partition, offsets: [] };
    known.offsets.push(at.offset);
    this.#partitions.set(partitionKey(at), known);
    const reason = envelope.job?.deadReason ?? '-';
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    this.#size += 1;
    return true;
  }

  get size(): number {
    return this.#size;
  }

  /** How many were meant and left out, by what became of them. */
  get leftOut(): Readonly<Partial<Record<LetterState, number>>> {
    return Object.fromEntries(this.#leftOut);
  }

  /** How many are chosen, by dead reason. */
  get reasons(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#reasons);
  }

  /** How many were looked at. */
  get seen(): number {
    return [...this.#leftOut.values()].reduce((sum, count) => sum + count, this.#size);
  }

  /** By partition, offsets ascending. */
  partitions(): Iterable<ChosenPartition> {
    return this.#partitions.values();
  }

  /** Some of them, `topic/partition/offset`. */
  examples(most: number): readonly string[] {
    const found: string[] = [];
    for (const at of this.positions()) if (found.push(formatPosition(at)) === most) break;
    return found;
  }

  /** Where they stand. */
  *positions(): Generator<RecordPosition> {
    for (const { topic, partition, offsets } of this.#partitions.values())
      for (const offset of offsets) yield { topic, partition, offset };
  }

  /** The same, for the control topic. */
  chunks(): readonly DeedPositions[] {
    const chunks: DeedPositions[] = [];
    for (const { topic, partition, offsets } of this.#partitions.values())
      for (let at = 0; at < offsets.length; at += CHUNK_POSITIONS) {
        const part = offsets.slice(at, at + CHUNK_POSITIONS);
        const count = part.length;
        const kind = 'letters.positions';
        chunks.push({ v: 1, kind, topic, partition, count, offsets: packOffsets(part) });
      }
    return chunks;
  }
}

/** The positions that entries of the control topic hold. */
export const positionsIn = (chunks: readonly DeedPositions[]): readonly RecordPosition[] =>
  chunks.flatMap(({ topic, partition, offsets }) =>
    unpackOffsets(offsets).map((offset) => ({ topic, partition, offset })),
  );
