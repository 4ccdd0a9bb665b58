import { type Accepted, readFirst } from '../../consumers/dead-letters/index.ts';
import { type ConsumedRecord, formatPosition, type RecordPosition } from '../../core/record.ts';
import type { BatchParts, BatchRange } from './batch-desk.ts';
import type { BatchValue } from './control-values.ts';
import { type FoundCopies, type FoundCopy, findReplayed } from './inbox-scan.ts';
import { isToWrite, type Judged, type Verdict } from './judged.ts';
import { positionsOf } from './plan-file.ts';
import { jobOfChunk } from './plan-records.ts';

/** One position of a batch. */
export interface Member {
  readonly at: RecordPosition;
  /** Absent where its topic does not hold it any more. */
  readonly verdict: Verdict | undefined;
  readonly accepted?: Accepted;
  /** Only of what is to be written. */
  readonly record: ConsumedRecord | undefined;
  /** Its copy, when an earlier runner had written it. */
  readonly copy: FoundCopy | undefined;
  /** Whether copies of that time may have been missed. */
  readonly isUncertain: boolean;
}

const NOTHING_FOUND: FoundCopies = { copies: new Map(), isUncertain: false };
const MOST_BYTES = 8_388_608;
/** Of an event topic many records may be nothing to the job type: so many are looked at for each that is still wanted. */
const LOOKED_AT_FOR_ONE = 5;
const LEAST_LOOKED_AT = 50;
const MOST_LOOKED_AT = 500;

const bytesOf = ({ value, key }: ConsumedRecord): number => (value?.length ?? 0) + (key?.length ?? 0);

/**
 * Reads and judges what a batch is about, until there is enough to write. A batch that was begun is taken up as it was,
 * however large its records are, and with what it had written.
 *
 * @param open what the ledger says of it, when an earlier runner had begun it
 */
export const membersOf = async (
  { file, parts, judge }: BatchParts,
  { chunk, from, to, mostWrites }: BatchRange,
  open: BatchValue | undefined,
): Promise<readonly Member[]> => {
  const { admin } = parts.backend.broker;
  const job = jobOfChunk(parts.app, file, chunk);
  const positions = positionsOf(file, chunk, from, to);
  const found =
    open === undefined
      ? NOTHING_FOUND
      : await findReplayed(admin, file.planId, open, new Set(positions.map(formatPosition)));
  const members: Member[] = [];
  let writes = 0;
  let bytes = 0;
  const isFull = (): boolean => open === undefined && (writes >= mostWrites || bytes >= MOST_BYTES);
  while (members.length < positions.length && !isFull()) {
    const wanted = positions.slice(members.length, members.length + lookAt(mostWrites - writes));
    const { records, taken } = await readFirst(
      admin,
      partitionOf(wanted),
      wanted.map(({ offset }) => offset),
    );
    const judged = await judge.judge(job, records);
    const byOffset = new Map(judged.map((one) => [one.record.offset, one]));
    for (const at of wanted.slice(0, taken)) {
      if (isFull()) break;
      const member = memberOf(at, byOffset.get(at.offset), found);
      members.push(member);
      if (member.record === undefined) continue;
      writes += 1;
      bytes += bytesOf(member.record);
    }
  }
  return members;
};

const lookAt = (missing: number): number =>
  Math.min(MOST_LOOKED_AT, Math.max(LEAST_LOOKED_AT, missing * LOOKED_AT_FOR_ONE));

const partitionOf = ([first]: readonly RecordPosition[]) => ({
  topic: first?.topic ?? '',
  partition: first?.partition ?? 0,
});

const memberOf = (at: RecordPosition, judged: Judged | undefined, found: FoundCopies): Member => {
  const { verdict, accepted, record } = judged ?? {};
  const copy = found.copies.get(formatPosition(at));
  const { isUncertain } = found;
  const isOut = judged !== undefined && isToWrite(judged) && copy === undefined && !isUncertain;
  return {
    ...{ at, verdict, copy, isUncertain, record: isOut ? record : undefined },
    ...(accepted === undefined ? {} : { accepted }),
  };
};
