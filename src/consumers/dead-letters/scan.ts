import type { AppDefinition } from '../../core/app.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { JobDefinition } from '../../core/job.ts';
import { names } from '../../core/names.ts';
import { unknownName } from '../../core/nearest-name.ts';
import type { BrokerAdmin, OffsetRange } from '../../core/ports/broker.ts';
import type { ConsumedRecord } from '../../core/record.ts';
import { type DeadLetter, toDeadLetter } from './dead-letter.ts';

/** Which dead letters are meant; every condition given must hold. */
export interface DeadLetterFilter {
  readonly reason?: string;
  readonly errorCode?: string;
  readonly fingerprint?: string;
  readonly tenant?: string;
  readonly jobId?: string;
  readonly eventId?: string;
  /** Dead at or after, epoch ms. */
  readonly sinceMs?: number;
  /** Dead before, epoch ms. */
  readonly untilMs?: number;
}

/** Whether a dead letter is meant by the filter. */
export const matches = ({ envelope, deadAtMs }: DeadLetter, filter: DeadLetterFilter): boolean => {
  const equal = (wanted: string | undefined, found: string | undefined): boolean =>
    wanted === undefined || wanted === found;
  return (
    equal(filter.reason, envelope.job?.deadReason) &&
    equal(filter.errorCode, envelope.job?.error?.code) &&
    equal(filter.fingerprint, envelope.job?.error?.fingerprint) &&
    equal(filter.tenant, envelope.tenant) &&
    equal(filter.jobId, envelope.job?.id) &&
    equal(filter.eventId, envelope.eventId) &&
    deadAtMs >= (filter.sinceMs ?? Number.NEGATIVE_INFINITY) &&
    deadAtMs < (filter.untilMs ?? Number.POSITIVE_INFINITY)
  );
};

/** The job types whose dead letters are meant: one, or all. @throws EsteiraError ESTEIRA_JOB_TYPE_UNKNOWN */
export const jobTypesOf = (
  app: AppDefinition,
  jobType: string | undefined,
): readonly JobDefinition<unknown>[] => {
  if (jobType === undefined) return app.jobs;
  const job = app.jobs.find(({ type }) => type === jobType);
  if (job !== undefined) return [job];
  throw new EsteiraError(
    'ESTEIRA_JOB_TYPE_UNKNOWN',
    unknownName(
      `app ${app.name} has no job type`,
      jobType,
      app.jobs.map(({ type }) => type),
    ),
    { facts: { jobType } },
  );
};

/** @throws EsteiraError ESTEIRA_TOPICS_DIFFER naming each of these topics that is not there */
export const requireTopics = async (admin: BrokerAdmin, topics: readonly string[]): Promise<void> => {
  const described = await admin.describeTopics(topics);
  const missing = topics.filter((topic) => !described.has(topic));
  if (missing.length === 0) return;
  throw new EsteiraError(
    'ESTEIRA_TOPICS_DIFFER',
    `missing: ${missing.join(', ')}; see \`esteira topics plan\``,
    { facts: { problems: missing } },
  );
};

/** A part of a DLQ topic. */
export interface DeadLetterRange extends OffsetRange {
  readonly job: JobDefinition<unknown>;
}

/** The part of each partition that can hold what the filter means: time is looked up, not read through. */
const rangesOf = async (
  admin: BrokerAdmin,
  topic: string,
  filter: DeadLetterFilter,
): Promise<readonly OffsetRange[]> => {
  const ranges = await admin.offsetRanges(topic);
  if (filter.sinceMs === undefined) return ranges;
  const starts = await admin.offsetsAt(topic, filter.sinceMs);
  return ranges.map((range) => ({
    ...range,
    low: starts.find(({ partition }) => partition === range.partition)?.offset ?? range.low,
  }));
};

/**
 * Where dead letters of these job types that the filter means can stand now: what comes later is in none of these.
 *
 * @throws EsteiraError ESTEIRA_TOPICS_DIFFER when a DLQ topic is missing, ESTEIRA_SERVICE_UNREACHABLE.
 */
export const deadLetterRanges = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  jobs: readonly JobDefinition<unknown>[],
  filter: DeadLetterFilter,
): Promise<readonly DeadLetterRange[]> => {
  const topics = jobs.map((job) => ({ job, topic: names.deadLetters(app.name, job.type) }));
  await requireTopics(
    admin,
    topics.map(({ topic }) => topic),
  );
  const ranges: DeadLetterRange[] = [];
  for (const { job, topic } of topics)
    for (const range of await rangesOf(admin, topic, filter)) ranges.push({ ...range, job });
  return ranges;
};

/** Reads these ranges in order and hands over what the filter means. Resolves with the number of records read. */
export const scanRanges = async (
  admin: BrokerAdmin,
  ranges: readonly DeadLetterRange[],
  filter: DeadLetterFilter,
  onLetter: (letter: DeadLetter, record: ConsumedRecord) => void,
): Promise<number> => {
  let read = 0;
  for (const { job, topic, partition, low, high } of ranges) {
    if (low >= high) continue;
    await admin.read({ topic, partition, from: low, to: high }, (record) => {
      read += 1;
      const letter = toDeadLetter(job, record);
      if (matches(letter, filter)) onLetter(letter, record);
      return true;
    });
  }
  return read;
};

/**
 * Reads the dead letters of these job types, per topic and partition in order, and hands over those the filter means.
 * What is written meanwhile may be left out. Resolves with the number of records read.
 *
 * @throws EsteiraError ESTEIRA_TOPICS_DIFFER when a DLQ topic is missing, ESTEIRA_SERVICE_UNREACHABLE.
 */
export const scanDeadLetters = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  jobs: readonly JobDefinition<unknown>[],
  filter: DeadLetterFilter,
  onLetter: (letter: DeadLetter) => void,
): Promise<number> => scanRanges(admin, await deadLetterRanges(app, admin, jobs, filter), filter, onLetter);
