import type { AppDefinition } from '../../core/app.ts';
import { type JobHeaders, parseEnvelope } from '../../core/envelope.ts';
import { jobIdOf } from '../../core/ids.ts';
import { inboxesOf } from '../../core/inbox.ts';
import type { JobDefinition } from '../../core/job.ts';
import { names } from '../../core/names.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import { type ConsumedRecord, copyRecord, formatPosition } from '../../core/record.ts';
import { lagOf, type PartitionLag } from './group-lag.ts';
import type { ReadBudget } from './read-budget.ts';

/** What kind of topic a copy stands on. */
export type CopyRole = 'event' | 'inbox' | 'waiting' | 'tier';

/** A copy of a job above the committed offset of the group that reads it. */
export interface LiveCopy {
  readonly role: CopyRole;
  readonly job: JobDefinition<unknown>;
  readonly record: ConsumedRecord;
  /** What its headers say; undefined on a first copy from an event. */
  readonly headers: JobHeaders | undefined;
  /** Records of the same partition before it that are not settled, or not known to be. */
  readonly ahead: number;
  readonly groupId: string;
  /** The tier's delay, ms. */
  readonly tierMs?: number;
}

interface Place {
  readonly role: CopyRole;
  readonly topic: string;
  readonly groupId: string;
  /** The job types whose records may stand there. */
  readonly jobs: readonly JobDefinition<unknown>[];
  readonly tierMs?: number;
}

/** Where a job of these types can stand, short topics first. */
const placesOf = (app: AppDefinition, jobs: readonly JobDefinition<unknown>[]): readonly Place[] => {
  const of = (role: CopyRole, topicsOf: (job: JobDefinition<unknown>) => readonly string[]) =>
    jobs.flatMap((job) =>
      topicsOf(job).map(
        (topic): Place => ({ role, topic, groupId: names.jobGroup(app.name, job.type), jobs: [job] }),
      ),
    );
  return [
    ...of('waiting', (job) => (job.ordered ? [names.waiting(app.name, job.type)] : [])),
    ...of('inbox', (job) => inboxesOf(app.name, job)),
    ...app.ladderMs.map(
      (tierMs): Place => ({
        role: 'tier',
        topic: names.tier(app.name, tierMs),
        groupId: names.relayGroup(app.name, tierMs),
        jobs,
        tierMs,
      }),
    ),
    ...of('event', (job) => [...new Set(job.triggers.map(({ event }) => event.topic))]),
  ];
};

/** The job type whose job of this id the record is; undefined when it is none. */
const jobOf = (
  app: AppDefinition,
  { role, jobs }: Place,
  jobId: string,
  record: ConsumedRecord,
): Pick<LiveCopy, 'job' | 'headers'> | undefined => {
  const envelope = parseEnvelope(record.headers, role !== 'event');
  const { job: headers, source = '', eventType, eventId = formatPosition(record) } = envelope;
  if (headers !== undefined) {
    const job = headers.id === jobId ? jobs.find(({ type }) => type === headers.type) : undefined;
    return job === undefined ? undefined : { job, headers };
  }
  const job = jobs.find(
    ({ type, triggers }) =>
      (eventType === undefined || triggers.some(({ event }) => event.type === eventType)) &&
      jobIdOf(app.name, type, source, eventId) === jobId,
  );
  return job === undefined ? undefined : { job, headers: undefined };
};

export interface CopySearch {
  readonly app: AppDefinition;
  readonly admin: BrokerAdmin;
  /** The job types it may be of. */
  readonly jobs: readonly JobDefinition<unknown>[];
  readonly jobId: string;
  readonly budget: ReadBudget;
}

const searchPartition = async (
  { app, admin, jobId, budget }: CopySearch,
  place: Place,
  { topic, partition, next, high }: PartitionLag,
): Promise<readonly LiveCopy[]> => {
  const copies: LiveCopy[] = [];
  const { role, groupId, tierMs } = place;
  await admin.read({ topic, partition, from: next, to: budget.endOf(next, high) }, (record) => {
    budget.spend();
    const found = jobOf(app, place, jobId, record);
    if (found === undefined) return true;
    copies.push({
      ...{ ...found, role, groupId, record: copyRecord(record), ahead: Number(record.offset - next) },
      ...(tierMs === undefined ? {} : { tierMs }),
    });
    return true;
  });
  return copies;
};

/**
 * Every copy of a job that is on its way: on a topic that its group has not settled so far.
 *
 * @throws EsteiraError ESTEIRA_BROKER_UNAVAILABLE, ESTEIRA_TOPICS_DIFFER
 */
export const findCopies = async (search: CopySearch): Promise<readonly LiveCopy[]> => {
  const copies: LiveCopy[] = [];
  for (const place of placesOf(search.app, search.jobs)) {
    const { partitions } = await lagOf(search.admin, place.groupId, place.topic);
    for (const partition of partitions) {
      if (partition.next < partition.high) copies.push(...(await searchPartition(search, place, partition)));
    }
  }
  return copies;
};
