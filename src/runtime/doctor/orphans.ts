import { groupsOf } from '../../core/app-topics.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import { countWords } from '../inspection/time-words.ts';
import { type OrphanName, orphansOf, standingOn } from '../topics/orphaned-topics.ts';
import type { OrphanKind } from '../topics/topic-plan.ts';
import { type Check, checksOf } from './check.ts';
import type { Probe } from './parts.ts';

const { ok, warning, problem } = checksOf('topics');
const groups = checksOf('groups');

const TODO: Readonly<Record<OrphanKind, string>> = {
  tier: 'name the tier in defineApp({ tiers }) until it is empty',
  inbox: 'bring the job type, or its lane, back until it is empty',
  'waiting topic': 'bring the job type back, with its order, until it is empty',
  DLQ: 'bring the job type back to replay them, or delete the topic when nobody needs them',
};

const judge = async (admin: BrokerAdmin, orphan: OrphanName): Promise<Check> => {
  const { topic, kind } = orphan;
  const records = await standingOn(admin, orphan);
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
