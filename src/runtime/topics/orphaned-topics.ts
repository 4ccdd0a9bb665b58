import type { AppDefinition } from '../../core/app.ts';
import { topicsOf } from '../../core/app-topics.ts';
import { durationMs, durationName } from '../../core/duration.ts';
import { isKebabCase } from '../../core/names.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import { lagOf } from '../inspection/group-lag.ts';
import { countWords } from '../inspection/time-words.ts';
import type { OrphanedTopic, OrphanKind, Refusal } from './topic-plan.ts';

/** An orphan by its name alone. */
export interface OrphanName {
  readonly topic: string;
  readonly kind: OrphanKind;
  /** Who read it, while the app knew it; undefined for DLQs, which nobody reads. */
  readonly groupId?: string;
}

const PREFIXES: readonly (readonly [string, OrphanKind])[] = [
  ['retry', 'tier'],
  ['job', 'inbox'],
  ['wait', 'waiting topic'],
  ['dlq', 'DLQ'],
];

/** Job types hold no dot: what follows one is a lane or a tenant. */
const groupOf = (ns: string, kind: OrphanKind, rest: string): { readonly groupId?: string } => {
  if (kind === 'DLQ') return {};
  const [first = rest] = rest.split('.');
  return { groupId: kind === 'tier' ? `${ns}.relay.${rest}` : `${ns}.job.${first}` };
};

/** The topics among `existing` that are left of what the app once had. */
export const orphansOf = (app: AppDefinition, existing: readonly string[]): readonly OrphanName[] => {
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

/** Records on an orphan that somebody may still wait for. @throws EsteiraError ESTEIRA_BROKER_UNAVAILABLE */
export const standingOn = async (admin: BrokerAdmin, { topic, groupId }: OrphanName): Promise<number> => {
  if (groupId !== undefined) return (await lagOf(admin, groupId, topic)).records;
  const ranges = await admin.offsetRanges(topic);
  return ranges.reduce((sum, { low, high }) => sum + Number(high - low), 0);
};

/** The orphans there are, with what they hold and who still reads them. @throws EsteiraError ESTEIRA_BROKER_UNAVAILABLE */
export const findOrphans = async (
  app: AppDefinition,
  admin: BrokerAdmin,
): Promise<readonly OrphanedTopic[]> => {
  const orphans = orphansOf(app, await admin.topicNames());
  const groups = [...new Set(orphans.flatMap(({ groupId }) => groupId ?? []))];
  const members = await admin.memberCounts(groups);
  return Promise.all(
    orphans.map(async (orphan) => ({
      topic: orphan.topic,
      kind: orphan.kind,
      records: await standingOn(admin, orphan),
      members: members.get(orphan.groupId ?? '') ?? 0,
    })),
  );
};

/** Whether the name is one that Esteira makes: what only looks like it is nobody's to delete. */
const isOurs = (ns: string, { topic, kind }: OrphanedTopic): boolean => {
  const [part] = PREFIXES.find(([, one]) => one === kind) ?? [''];
  const [first = '', ...lane] = topic.slice(`${ns}.${part}.`.length).split('.');
  if (kind !== 'tier') return isKebabCase(first);
  const isDelay = (text: string): text is `${number}s` => /^\d+(ms|s|m|h)$/.test(text);
  return lane.length === 0 && isDelay(first) && durationName(durationMs(first)) === first;
};

const undrainedTier = ({ topic, records }: OrphanedTopic): Refusal => ({
  subject: `topic ${topic}`,
  why: `holds ${countWords(records, 'record')}, and no ladder of the app has this tier: no relay would forward them`,
  todo: 'name its delay in defineApp({ tiers }) until it is empty',
});

/** Tiers the app has no more while records wait on them. */
export const tierRefusals = (orphans: readonly OrphanedTopic[]): readonly Refusal[] =>
  orphans.filter(({ kind, records }) => kind === 'tier' && records > 0).map(undrainedTier);

const dropRefusal = ({ topic, kind, records, members }: OrphanedTopic): readonly Refusal[] => {
  if (members > 0) {
    const why = `is not deleted while ${countWords(members, 'member')} of its group read it`;
    return [{ subject: `topic ${topic}`, why, todo: 'stop the other version of the app first' }];
  }
  if (records === 0 || kind === 'tier') return [];
  return [
    {
      subject: `topic ${topic}`,
      why: `is not deleted: ${countWords(records, 'record')} on it ${kind === 'DLQ' ? 'wait for a human' : 'would never run'}`,
      todo:
        kind === 'DLQ'
          ? 'bring the job type back and replay or discard them, or delete the topic with the tools of Kafka'
          : 'bring the job type, or its lane, back until it is empty, or delete the topic with the tools of Kafka',
    },
  ];
};

/** The orphans that may be deleted, and why the others may not. */
export const sortOrphans = (
  app: AppDefinition,
  orphans: readonly OrphanedTopic[],
): { readonly drop: readonly string[]; readonly refused: readonly Refusal[] } => {
  const ours = orphans.filter((orphan) => isOurs(app.name, orphan));
  return {
    drop: ours.filter(({ records, members }) => records === 0 && members === 0).map(({ topic }) => topic),
    refused: ours.flatMap(dropRefusal),
  };
};
