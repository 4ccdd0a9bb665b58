import {
  type DeadLetterFilter,
  deadLetterRanges,
  jobOfDeadLetterTopic,
  jobTypesOf,
  readFirst,
  scanRanges,
  toDeadLetter,
} from '../../consumers/dead-letters/index.ts';
import { EsteiraError } from '../../core/errors.ts';
import { formatPosition, type RecordPosition } from '../../core/record.ts';
import { redactText } from '../../security/redact.ts';
import { readLetterLedger } from '../letters/letter-ledger.ts';
import type { PlanValue, PositionsValue } from './control-values.ts';
import { filterWords } from './filter-words.ts';
import { packOffsets } from './offset-runs.ts';
import type { PlanFile } from './plan-file.ts';
import { frozenTopics, PlanSelection } from './plan-selection.ts';
import { type ReplayParts, refused, requireReason, requireRole } from './replay-parts.ts';
import { storePlan } from './store-plan.ts';

export interface PlanRequest {
  readonly jobType?: string;
  readonly filter?: DeadLetterFilter;
  /** In place of a job type and a filter. */
  readonly positions?: readonly RecordPosition[];
  /** Why; goes into the audit, redacted. */
  readonly reason: string;
}

/** Positions of a chunk: an entry of the control topic stays small, whatever the offsets are. */
const CHUNK_POSITIONS = 5_000;

const words = ({ jobType, filter = {}, positions = [] }: PlanRequest): string => {
  const texts = [
    ...(jobType === undefined ? [] : [`job type ${jobType}`]),
    ...filterWords(filter),
    ...(positions.length > 0
      ? [`${positions.length} positions, from ${positions.slice(0, 3).map(formatPosition).join(', ')}`]
      : []),
  ];
  return redactText(texts.join(', '));
};

const selectByFilter = async (
  { app, backend }: ReplayParts,
  { jobType, filter = {} }: PlanRequest,
  selection: PlanSelection,
): Promise<PlanValue['topics']> => {
  const { admin } = backend.broker;
  const ranges = await deadLetterRanges(app, admin, jobTypesOf(app, jobType), filter);
  await scanRanges(admin, ranges, filter, (letter, record) => selection.add(letter, record));
  return frozenTopics(ranges);
};

const ascending = (a: RecordPosition, b: RecordPosition): number =>
  a.partition - b.partition || (a.offset < b.offset ? -1 : Number(a.offset > b.offset));

const selectByPosition = async (
  { app, backend }: ReplayParts,
  positions: readonly RecordPosition[],
  selection: PlanSelection,
): Promise<PlanValue['topics']> => {
  const { admin } = backend.broker;
  const jobs = app.jobs.filter((job) =>
    positions.some(({ topic }) => jobOfDeadLetterTopic(app, topic) === job),
  );
  const ranges = await deadLetterRanges(app, admin, jobs, {});
  for (const { job, topic, partition, high } of ranges) {
    const meant = positions.filter(
      (at) => at.topic === topic && at.partition === partition && at.offset < high,
    );
    let offsets = [...new Set(meant.sort(ascending).map(({ offset }) => offset))];
    while (offsets.length > 0) {
      const { records, taken } = await readFirst(admin, { topic, partition }, offsets);
      for (const record of records) selection.add(toDeadLetter(job, record), record);
      offsets = offsets.slice(taken);
    }
  }
  return frozenTopics(ranges);
};

const select = (
  parts: ReplayParts,
  request: PlanRequest,
  selection: PlanSelection,
): Promise<PlanValue['topics']> => {
  const { positions = [], jobType, filter = {} } = request;
  const isFiltered = jobType !== undefined || Object.keys(filter).length > 0;
  if (positions.length > 0 && !isFiltered) return selectByPosition(parts, positions, selection);
  if (positions.length === 0 && isFiltered) return selectByFilter(parts, request, selection);
  throw new EsteiraError(
    'ESTEIRA_USAGE',
    'say which dead letters are meant: either positions, or a job type or another condition',
  );
};

const chunksOf = (selection: PlanSelection, topics: PlanValue['topics']): readonly PositionsValue[] => {
  const chunks: PositionsValue[] = [];
  for (const { topic, partition, together, offsets } of selection.chosen()) {
    const size = together ? offsets.length : CHUNK_POSITIONS;
    for (let at = 0; at < offsets.length; at += size) {
      const part = offsets.slice(at, at + size);
      chunks.push({
        ...{ v: 1, kind: 'replay.positions', partition, count: part.length, offsets: packOffsets(part) },
        topic: topics.findIndex((one) => one.topic === topic),
        ...(together ? { together } : {}),
      });
    }
  }
  return chunks;
};

/**
 * Makes a plan: chooses dead letters, freezes where they stand, and stores that on the control topic, audited first.
 * Reads each DLQ once and keeps no record. Topics that hold none of what is meant are left out.
 *
 * @throws EsteiraError ESTEIRA_USAGE (nothing says which), ESTEIRA_JOB_TYPE_UNKNOWN, ESTEIRA_TOPICS_DIFFER,
 *   ESTEIRA_OPERATOR_REFUSED (no right), ESTEIRA_REPLAY_REFUSED (no reason, nothing to replay, too many), ESTEIRA_AUDIT_UNAVAILABLE
 */
export const planReplay = async (parts: ReplayParts, request: PlanRequest): Promise<PlanFile> => {
  requireRole(parts, 'operator', 'plan a replay');
  const reason = requireReason(request.reason);
  const ledger = await readLetterLedger(parts.control);
  const selection = new PlanSelection((at) => ledger.refusalOf(at));
  const all = await select(parts, request, selection);
  if (selection.size === 0) throw nothingMeant(selection);
  const used = new Set([...selection.chosen()].map(({ topic }) => topic));
  const topics = all.filter(({ topic }) => used.has(topic));
  return storePlan(parts, {
    value: {
      ...{ kind: 'replay.plan', selection: words(request), topics },
      ...{ total: selection.size, counts: selection.counts(), refused: [...selection.refusals()] },
    },
    chunks: chunksOf(selection, topics),
    reason,
  });
};

const nothingMeant = (selection: PlanSelection): EsteiraError => {
  const left = selection.refusals().map(({ why, count }) => `${count} left out, ${why}`);
  return refused(`no dead letter is to be replayed${left.length === 0 ? '' : `: ${left.join('; ')}`}`);
};
