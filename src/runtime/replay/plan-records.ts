import { readFirst } from '../../consumers/dead-letters/index.ts';
import type { AppDefinition } from '../../core/app.ts';
import { parseEnvelope } from '../../core/envelope.ts';
import { jobIdOf } from '../../core/ids.ts';
import type { JobDefinition } from '../../core/job.ts';
import { type ConsumedRecord, formatPosition, type RecordPosition } from '../../core/record.ts';
import { EventJudge } from './judge-events.ts';
import { LetterJudge } from './judge-letters.ts';
import type { RecordJudge } from './judged.ts';
import { type PlanFile, positionsOf } from './plan-file.ts';
import { type ReplayParts, refused } from './replay-parts.ts';

/** Some records of a plan that stand together. */
export interface PlanRecords {
  /** Where they were; `records` may hold fewer. */
  readonly positions: readonly RecordPosition[];
  readonly records: readonly ConsumedRecord[];
  /** The chunk they are of, and the index of the first position in it. */
  readonly chunk: number;
  readonly from: number;
}

const READ_AT_ONCE = 500;

const jobTypeOf = ({ plan, chunks }: PlanFile, chunk: number): string =>
  plan.topics[chunks[chunk]?.topic ?? -1]?.jobType ?? '';

/** The job type whose inbox a chunk of a plan goes to. @throws EsteiraError ESTEIRA_REPLAY_REFUSED when the app has it no more */
export const jobOfChunk = (app: AppDefinition, file: PlanFile, chunk: number): JobDefinition<unknown> => {
  const { planId } = file;
  const type = jobTypeOf(file, chunk);
  const job = app.jobs.find((one) => one.type === type);
  if (job !== undefined) return job;
  throw refused(`plan ${planId} is for job type ${type}, which app ${app.name} does not have any more`, {
    ...{ planId, jobType: type },
  });
};

/** Where a plan's records are read. */
interface Readers {
  readonly backend: Pick<ReplayParts['backend'], 'broker'>;
}

/** Calls back with the records of a part of a chunk in its order, some at a time. */
export const recordsOf = async (
  { backend }: Readers,
  file: PlanFile,
  range: { readonly chunk: number; readonly from: number; readonly to: number },
  onRecords: (some: PlanRecords) => Promise<void>,
): Promise<void> => {
  const { chunk, to } = range;
  for (let { from } = range; from < to; ) {
    const wanted = positionsOf(file, chunk, from, Math.min(to, from + READ_AT_ONCE));
    const [first] = wanted;
    if (first === undefined) return;
    const { records, taken } = await readFirst(
      backend.broker.admin,
      { topic: first.topic, partition: first.partition },
      wanted.map(({ offset }) => offset),
    );
    await onRecords({ positions: wanted.slice(0, taken), records, chunk, from });
    from += taken;
  }
};

/** Calls back with all records of a plan. */
export const eachRecord = async (
  parts: Readers,
  file: PlanFile,
  onRecords: (some: PlanRecords) => Promise<void>,
): Promise<void> => {
  for (const [chunk, { count }] of file.chunks.entries())
    await recordsOf(parts, file, { chunk, from: 0, to: count }, onRecords);
};

/** Whose job a record of a plan is, as its headers say. */
export const jobOfRecord = (
  { name }: AppDefinition,
  file: PlanFile,
  chunk: number,
  record: ConsumedRecord,
): { readonly jobId: string | null; readonly tenant: string | null } => {
  const isEvent = file.plan.window !== undefined;
  const { job, tenant = null, source = '', eventId } = parseEnvelope(record.headers, !isEvent);
  if (!isEvent) return { jobId: job?.id ?? null, tenant };
  return { jobId: jobIdOf(name, jobTypeOf(file, chunk), source, eventId ?? formatPosition(record)), tenant };
};

/** Who judges the records of a plan. */
export const judgeOf = (
  { app, backend, clock }: Pick<ReplayParts, 'app' | 'backend' | 'clock'>,
  { planId, plan }: PlanFile,
  undecodable: boolean,
  refuse?: (at: RecordPosition) => string | undefined,
): RecordJudge =>
  plan.window === undefined
    ? new LetterJudge({
        app,
        backend,
        clock,
        planId,
        maxReplays: plan.maxReplays,
        undecodable,
        ...(refuse === undefined ? {} : { refuse }),
      })
    : new EventJudge({ app, backend, clock, planId, window: plan.window, undecodable });
