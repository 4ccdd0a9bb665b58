import { subscriptionOf } from '../../core/app-topics.ts';
import type { JobDefinition } from '../../core/job.ts';
import { names } from '../../core/names.ts';
import { lagOf, oldestOf } from '../inspection/group-lag.ts';
import { countWords, lengthWords } from '../inspection/time-words.ts';
import { type Check, checksOf } from './check.ts';
import type { DoctorParts, Probe } from './parts.ts';

const { ok, warning, problem } = checksOf('groups');
/** How long nobody may read before it is no deploy, but a fault, ms. */
const DESERTED_MS = 5 * 60_000;
/** How late a relay may be, ms. */
const OVERDUE_MS = 10_000;

/** What a group has not settled, on all its topics. */
interface Backlog {
  readonly records: number;
  /** When the oldest of them was written, epoch ms. */
  readonly oldestMs?: number;
  /** The topic that will drop its oldest record first, with how long it keeps records, ms. */
  readonly tightest?: { readonly topic: string; readonly ageMs: number; readonly retentionMs: number };
}

const retentionOf = async ({ broker }: DoctorParts, topic: string): Promise<number> => {
  const told = Number((await broker.settings([topic])).get(topic)?.['retention.ms'] ?? -1);
  return told < 0 ? Number.POSITIVE_INFINITY : told;
};

const backlogOf = async (
  parts: DoctorParts,
  groupId: string,
  topics: readonly string[],
): Promise<Backlog> => {
  let backlog: Backlog = { records: 0 };
  for (const topic of topics) {
    const lag = await lagOf(parts.admin, groupId, topic);
    if (lag.records === 0) continue;
    const oldest = await oldestOf(parts.admin, lag);
    backlog = { ...backlog, records: backlog.records + lag.records };
    if (oldest === undefined) continue;
    const retentionMs = await retentionOf(parts, topic);
    const ageMs = parts.nowMs() - oldest.timestampMs;
    const { tightest } = backlog;
    backlog = {
      ...backlog,
      oldestMs: Math.min(oldest.timestampMs, backlog.oldestMs ?? Number.POSITIVE_INFINITY),
      ...(tightest === undefined || ageMs / retentionMs > tightest.ageMs / tightest.retentionMs
        ? { tightest: { topic, ageMs, retentionMs } }
        : {}),
    };
  }
  return backlog;
};

/** Half the time is gone in which somebody may still read the record. */
const soonLost = (groupId: string, { tightest }: Backlog): readonly Check[] =>
  tightest === undefined || tightest.ageMs <= tightest.retentionMs / 2
    ? []
    : [
        problem(
          groupId,
          `has not settled a record of ${tightest.topic} for ${lengthWords(tightest.ageMs)}, and the topic keeps records for ${lengthWords(tightest.retentionMs)}: it will be lost`,
          'see what holds it with `esteira queues list` and `esteira jobs why`, or lengthen retention.ms',
        ),
      ];

const standing = (groupId: string, members: number, backlog: Backlog, nowMs: number): Check => {
  const { records, oldestMs } = backlog;
  const ageMs = oldestMs === undefined ? 0 : nowMs - oldestMs;
  const waits =
    records === 0
      ? 'nothing waits'
      : `${countWords(records, 'record')} ${records === 1 ? 'waits' : 'wait'}, the oldest ${lengthWords(ageMs)}`;
  if (members > 0 || records === 0)
    return ok(groupId, `${waits}, ${members === 0 ? 'no worker' : countWords(members, 'worker')}`);
  const says = `is stuck: ${waits}, and it has no members`;
  const todo = 'start a worker that runs it (`esteira start`), or see why the last one ended';
  return ageMs > DESERTED_MS ? problem(groupId, says, todo) : warning(groupId, says, todo);
};

const jobLag = async (
  parts: DoctorParts,
  job: JobDefinition<unknown>,
  members: ReadonlyMap<string, number>,
): Promise<readonly Check[]> => {
  const groupId = names.jobGroup(parts.app.name, job.type);
  const topics = subscriptionOf(parts.app, job);
  const existing = [...(await parts.admin.describeTopics(topics)).keys()];
  // That they are missing is told elsewhere.
  if (existing.length === 0) return [];
  const backlog = await backlogOf(parts, groupId, existing);
  return [
    standing(groupId, members.get(groupId) ?? 0, backlog, parts.nowMs()),
    ...soonLost(groupId, backlog),
  ];
};

/** What each job type has not settled, and whether anybody works on it. */
export const jobLags: Probe = async (parts) => {
  const { app, admin } = parts;
  const members = await admin.memberCounts(app.jobs.map(({ type }) => names.jobGroup(app.name, type)));
  const checks: Check[] = [];
  for (const job of app.jobs) checks.push(...(await jobLag(parts, job, members)));
  return checks;
};

const tierLag = async (parts: DoctorParts, delayMs: number): Promise<readonly Check[]> => {
  const { app, admin } = parts;
  const topic = names.tier(app.name, delayMs);
  if (!(await admin.describeTopics([topic])).has(topic)) return [];
  const groupId = names.relayGroup(app.name, delayMs);
  const { records, oldestMs } = await backlogOf(parts, groupId, [topic]);
  const overdueMs = oldestMs === undefined ? 0 : parts.nowMs() - oldestMs - delayMs;
  if (overdueMs <= OVERDUE_MS) return [];
  const members = (await admin.memberCounts([groupId])).get(groupId) ?? 0;
  const says = `${countWords(records, 'record')}, the oldest overdue by ${lengthWords(overdueMs)}, ${countWords(members, 'relay')}`;
  const todo =
    members === 0
      ? 'start a relay (`esteira start --roles relay`)'
      : 'does the relay keep up? look at its log';
  const bad = members === 0 && overdueMs > DESERTED_MS ? problem : warning;
  return [bad(groupId, says, todo)];
};

/** Delay tiers whose records are not forwarded in time. */
export const tierLags: Probe = async (parts) => {
  const checks: Check[] = [];
  for (const delayMs of parts.app.ladderMs) checks.push(...(await tierLag(parts, delayMs)));
  return checks.length > 0
    ? checks
    : [ok('delays', `nothing is overdue on ${countWords(parts.app.ladderMs.length, 'tier')}`)];
};
