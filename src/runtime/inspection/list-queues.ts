import { groupsOf, subscriptionOf } from '../../core/app-topics.ts';
import { suspensionWords } from '../../core/control-rules.ts';
import type { Controls } from '../../core/controls.ts';
import type { JobDefinition } from '../../core/job.ts';
import { names } from '../../core/names.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import { silentLog } from '../../core/ports/log.ts';
import { controlRules } from '../control/list-rules.ts';
import { lagOf, oldestOf } from './group-lag.ts';
import type { InspectionParts } from './job-evidence.ts';
import { type LimitUse, limitsOf } from './limit-use.ts';
import { heldSequences, openSequences } from './open-sequences.ts';
import { ReadBudget } from './read-budget.ts';
import { readSaid, type Said, type SaidOfType } from './said-of-types.ts';
import { operatorsPause, type StartsOfType, startsOfType } from './starts-of-type.ts';

/** What a group has not settled of one topic. */
export interface TopicBacklog {
  readonly topic: string;
  /** Records not settled; on an event topic also those that are nothing to the job type. */
  readonly records: number;
  /** When the oldest of them was written, ISO 8601; null when there is none. */
  readonly oldest: string | null;
  /** False where the group has no offsets: it does not read there. */
  readonly hasOffsets: boolean;
}

/** A job type: what waits of it, what runs, and what stops it. */
export interface JobTypeReport extends SaidOfType {
  readonly jobType: string;
  readonly groupId: string;
  /** Live members of its group: processes that run it. */
  readonly members: number;
  readonly starts: StartsOfType;
  /** The operator who has paused it or its queue; null when nobody has. */
  readonly pausedBy: string | null;
  /** What its dead-letter guard has suspended, for people; empty when nothing is. */
  readonly suspended: readonly string[];
  readonly topics: readonly TopicBacklog[];
  /** Ordering keys with parked records; null for types without order. */
  readonly keysParked: number | null;
  /** Ordering keys held after a dead letter; null where none can be. */
  readonly keysHeld: number | null;
  /** Whether more keys may be parked or held than were looked at. */
  readonly keysCut: boolean;
  readonly deadLetters: number;
}

export interface QueueReport {
  readonly queue: string;
  readonly priority: string;
  /** The limit over all processes, and how many slots of it are taken; null where the queue has none. */
  readonly limit: LimitUse | null;
  readonly jobTypes: readonly JobTypeReport[];
}

/** A delay tier that has something. */
export interface TierReport extends TopicBacklog {
  readonly groupId: string;
  /** Live members of its group: processes that relay it. */
  readonly members: number;
  /** How long the oldest record is overdue, ms; 0 when it is not. */
  readonly overdueMs: number;
}

export interface QueuesReport {
  readonly queues: readonly QueueReport[];
  /** Only tiers that hold records. */
  readonly tiers: readonly TierReport[];
  /** What could not be looked up, and why. */
  readonly gaps: readonly string[];
}

/** Copies on waiting topics, and dead letters of held keys, to look at, at most, for each job type. */
const MOST_COPIES = 100_000;

const backlogOf = async (admin: BrokerAdmin, groupId: string, topic: string): Promise<TopicBacklog> => {
  const lag = await lagOf(admin, groupId, topic);
  const oldest = await oldestOf(admin, lag);
  return {
    topic,
    records: lag.records,
    oldest: oldest === undefined ? null : new Date(oldest.timestampMs).toISOString(),
    hasOffsets: lag.partitions.every(({ isCommitted }) => isCommitted),
  };
};

const inTurn = async <T, R>(items: readonly T[], each: (item: T) => Promise<R>): Promise<readonly R[]> => {
  const results: R[] = [];
  for (const item of items) results.push(await each(item));
  return results;
};

/** What is asked for once, for all job types. */
interface Known {
  readonly nowMs: number;
  /** Live members by group. */
  readonly members: ReadonlyMap<string, number>;
  readonly rules: Controls;
  readonly said: Said;
}

/** Ordering keys of a job type that do not go their direct way. */
const keysOf = async (
  parts: InspectionParts,
  job: JobDefinition<unknown>,
  nowMs: number,
): Promise<Pick<JobTypeReport, 'keysParked' | 'keysHeld' | 'keysCut'>> => {
  if (!job.ordered) return { keysParked: null, keysHeld: null, keysCut: false };
  const budget = new ReadBudget(MOST_COPIES);
  const parked = await openSequences(parts, job, budget);
  const held = job.afterDead === 'hold' ? await heldSequences(parts, job, nowMs, budget) : null;
  return { keysParked: parked.length, keysHeld: held?.length ?? null, keysCut: budget.isCut };
};

const reportType = async (
  parts: InspectionParts,
  job: JobDefinition<unknown>,
  { nowMs, members, rules, said }: Known,
): Promise<JobTypeReport> => {
  const { app, backend } = parts;
  const { admin } = backend.broker;
  const groupId = names.jobGroup(app.name, job.type);
  const dead = await admin.offsetRanges(names.deadLetters(app.name, job.type));
  const saidOfType = said.of(job.type);
  const membersNow = members.get(groupId) ?? 0;
  return {
    jobType: job.type,
    groupId,
    members: membersNow,
    ...saidOfType,
    starts: startsOfType(rules, job, saidOfType, membersNow),
    pausedBy: operatorsPause(rules, job)?.actor ?? null,
    suspended: rules.guarded(job.type).map(suspensionWords),
    topics: await inTurn(subscriptionOf(app, job), (topic) => backlogOf(admin, groupId, topic)),
    ...(await keysOf(parts, job, nowMs)),
    deadLetters: dead.reduce((sum, { low, high }) => sum + Number(high - low), 0),
  };
};

const reportTiers = async (
  { app, backend }: InspectionParts,
  { nowMs, members }: Known,
): Promise<readonly TierReport[]> => {
  const tiers = await inTurn(app.ladderMs, async (tierMs): Promise<TierReport> => {
    const groupId = names.relayGroup(app.name, tierMs);
    const backlog = await backlogOf(backend.broker.admin, groupId, names.tier(app.name, tierMs));
    const dueMs = backlog.oldest === null ? nowMs : Date.parse(backlog.oldest) + tierMs;
    const overdueMs = Math.max(0, nowMs - dueMs);
    return { ...backlog, groupId, members: members.get(groupId) ?? 0, overdueMs };
  });
  return tiers.filter(({ records }) => records > 0);
};

/**
 * What waits, queue by queue and job type by job type, and on the delay tiers.
 *
 * @throws EsteiraError ESTEIRA_BROKER_UNAVAILABLE, ESTEIRA_TOPICS_DIFFER, ESTEIRA_STATE_UNAVAILABLE
 */
export const listQueues = async (parts: InspectionParts, nowMs: number): Promise<QueuesReport> => {
  const { app, backend } = parts;
  const members = await backend.broker.admin.memberCounts(groupsOf(app).map(({ groupId }) => groupId));
  const rules = await controlRules({ ...parts, log: silentLog });
  const said = await readSaid(backend.state.reports);
  const known = { nowMs, members, rules, said };
  const queues = await inTurn([...app.queues.values()], async ({ name, priority }): Promise<QueueReport> => {
    const [limit] = await limitsOf(app, backend.state.limits, name, undefined, rules);
    const jobs = app.jobs.filter(({ queue }) => queue === name);
    const jobTypes = await inTurn(jobs, (job) => reportType(parts, job, known));
    return { queue: name, priority, limit: limit ?? null, jobTypes };
  });
  return { queues, tiers: await reportTiers(parts, known), gaps: said.gaps };
};
