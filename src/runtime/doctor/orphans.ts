import type { AppDefinition } from '../../core/app.ts';
import { groupsOf, topicsOf } from '../../core/app-topics.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import { lagOf } from '../inspection/group-lag.ts';
import { countWords } from '../inspection/time-words.ts';
import { type Check, checksOf } from './check.ts';
import type { Probe } from './parts.ts';

const { ok, warning, problem } = checksOf('topics');
const groups = checksOf('groups');

type Kind = 'tier' | 'inbox' | 'waiting topic' | 'DLQ';

/** A topic that is named as this app names its own, and that the app does not know. */
interface Orphan {
  readonly topic: string;
  readonly kind: Kind;
  /** Who read it, while the app knew it; undefined for DLQs, which nobody reads. */
  readonly groupId?: string;
}

const PREFIXES: readonly (readonly [string, Kind])[] = [
  ['retry', 'tier'],
  ['job', 'inbox'],
  ['wait', 'waiting topic'],
  ['dlq', 'DLQ'],
];

/** Job types hold no dot: what follows one is a lane or a tenant. */
const groupOf = (ns: string, kind: Kind, rest: string): { readonly groupId?: string } => {
  if (kind === 'DLQ') return {};
  const [first = rest] = rest.split('.');
  return { groupId: kind === 'tier' ? `${ns}.relay.${rest}` : `${ns}.job.${first}` };
};

/** The topics among `existing` that are left of what the app once had. */
export const orphansOf = (app: AppDefinition, existing: readonly string[]): readonly Orphan[] => {
  const known = new Set(topicsOf(app, { replicationFactor: 1 }).map(({ topic }) => topic));
  return existing
    .filter((topic) => !known.has(topic))
    .flatMap((topic) =>
      PREFIXES.filter(([part]) => topic.startsWith(`${app.name}.${part}.`)).map(([part, kind]) => ({
        topic,
        kind,
        ...groupOf(app.name, kind, topic.slice(`${app.name}.${part}.`.length)),
      })),
    );
};

const standing = async (admin: BrokerAdmin, { topic, groupId }: Orphan): Promise<number> => {
  if (groupId !== undefined) return (await lagOf(admin, groupId, topic)).records;
  const ranges = await admin.offsetRanges(topic);
  return ranges.reduce((sum, { low, high }) => sum + Number(high - low), 0);
};

const TODO: Readonly<Record<Kind, string>> = {
  tier: 'name the tier in defineApp({ tiers }) until it is empty',
  inbox: 'bring the job type, or its lane, back until it is empty',
  'waiting topic': 'bring the job type back, with its order, until it is empty',
  DLQ: 'bring the job type back to replay them, or delete the topic when nobody needs them',
};

const judge = async (admin: BrokerAdmin, orphan: Orphan): Promise<Check> => {
  const { topic, kind } = orphan;
  const records = await standing(admin, orphan);
  if (records === 0)
    return warning(topic, `is an empty ${kind} that the app does not know`, 'delete the topic');
  const says = `is ${kind === 'inbox' ? 'an' : 'a'} ${kind} that the app does not know, with ${countWords(records, 'record')} on it`;
  // Dead letters wait for a human in any case; of the others somebody expects that they run.
  if (kind === 'DLQ') return warning(topic, says, TODO[kind]);
  return problem(topic, `${says}: nobody will run them`, TODO[kind]);
};

/** Tiers, inboxes, waiting topics and DLQs left behind by job types and lanes that are gone. */
export const orphanedTopics: Probe = async ({ app, admin, broker }) => {
  const checks: Check[] = [];
  for (const orphan of orphansOf(app, await broker.topicNames())) checks.push(await judge(admin, orphan));
  return checks.length === 0 ? [ok('left behind', 'no topic of job types or tiers that are gone')] : checks;
};

/** Groups of job types the app does not know that somebody still runs: another version of the app is up. */
export const strangerGroups: Probe = async ({ app, admin, broker }) => {
  const known = new Set(groupsOf(app).map(({ groupId }) => groupId));
  const strange = (await broker.groupNames()).filter(
    (name) => !known.has(name) && ['job', 'relay'].some((part) => name.startsWith(`${app.name}.${part}.`)),
  );
  const members = await admin.memberCounts(strange);
  return [...members]
    .filter(([, count]) => count > 0)
    .map(([groupId, count]) =>
      groups.warning(
        groupId,
        `has ${countWords(count, 'member')}, and the app does not know it`,
        'another version of the app runs: stop it, or say --app of that version',
      ),
    );
};
