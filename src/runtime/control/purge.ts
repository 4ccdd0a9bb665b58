import type { AppDefinition } from '../../core/app.ts';
import { subscriptionOf } from '../../core/app-topics.ts';
import { purgeSubject } from '../../core/control-rules.ts';
import type { JobDefinition } from '../../core/job.ts';
import { names } from '../../core/names.ts';
import { lagOf } from '../inspection/group-lag.ts';
import {
  type ControlChange,
  type ControlParts,
  type ControlRequest,
  changeRule,
  refusedChange,
} from './change-rule.ts';

export interface PurgeRequest extends ControlRequest {
  readonly queue: string;
  /** Of which of its job types; default all. */
  readonly jobType?: string;
}

export interface PurgeParts extends ControlParts {
  readonly app: AppDefinition;
}

/** What a purge of one job type comes to. */
export interface PurgeChange extends ControlChange {
  readonly jobType: string;
  /** Records not settled on its own topics and those of its triggers; of event topics also records that are none of its jobs. */
  readonly records: number;
  /** Records on tiers, of all job types: those of this one are purged when they are due. */
  readonly onTiers: number;
}

const endsOf = async ({ app, backend }: PurgeParts, topics: readonly string[]) => {
  const ends: Record<string, string> = {};
  for (const topic of topics) {
    for (const { partition, high } of await backend.broker.admin.offsetRanges(topic))
      ends[`${topic}/${partition}`] = String(high);
  }
  return { app, ends };
};

const tiersOf = async ({ app, backend }: PurgeParts): Promise<number> => {
  let records = 0;
  for (const tierMs of app.ladderMs) {
    const group = names.relayGroup(app.name, tierMs);
    records += (await lagOf(backend.broker.admin, group, names.tier(app.name, tierMs))).records;
  }
  return records;
};

const purgeType = async (
  parts: PurgeParts,
  job: JobDefinition<unknown>,
  request: PurgeRequest,
  onTiers: number,
): Promise<PurgeChange> => {
  const { app, backend } = parts;
  const topics = subscriptionOf(app, job);
  const group = names.jobGroup(app.name, job.type);
  let records = 0;
  for (const topic of topics) records += (await lagOf(backend.broker.admin, group, topic)).records;
  const { ends } = await endsOf(parts, [...topics, ...app.ladderMs.map((ms) => names.tier(app.name, ms))]);
  const change = await changeRule(parts, request, {
    ...{ action: 'queues.purge', subject: purgeSubject(job.type), tenantId: '' },
    detail: `job type ${job.type}: about ${records} records that wait now end as cancelled (purged), each when its turn comes; what runs finishes; what comes later runs`,
    draft: { kind: 'purge', jobType: job.type, ends },
    facts: { queue: request.queue, records: String(records), onTiers: String(onTiers) },
  });
  return { ...change, jobType: job.type, records, onTiers };
};

/**
 * Ends every job of a queue that was asked for until now and has not started, retries and delays included. What comes
 * later runs. What was purged before stays purged. See {@link changeRule}.
 */
export const purgeQueue = async (
  parts: PurgeParts,
  request: PurgeRequest,
): Promise<readonly PurgeChange[]> => {
  const { app } = parts;
  const { queue, jobType } = request;
  const jobs = app.jobs.filter((job) => job.queue === queue && (jobType ?? job.type) === job.type);
  if (jobs.length === 0) {
    const what = jobType === undefined ? `queue ${queue}` : `job type ${jobType} in queue ${queue}`;
    const none = refusedChange(`purge/${jobType ?? queue}`, `app ${app.name} has no ${what} with jobs`);
    return [{ ...none, jobType: jobType ?? '', records: 0, onTiers: 0 }];
  }
  const onTiers = await tiersOf(parts);
  const changes: PurgeChange[] = [];
  for (const job of jobs) changes.push(await purgeType(parts, job, request, onTiers));
  return changes;
};
