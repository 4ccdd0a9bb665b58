import type { AppDefinition } from '../../core/app.ts';
import { EsteiraError, isEsteiraError } from '../../core/errors.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import type { RecordPosition } from '../../core/record.ts';
import { planTopics } from './plan-topics.ts';
import {
  type ConfigChange,
  type PlanOptions,
  type Refusal,
  refusalWords,
  type TopicPlan,
} from './topic-plan.ts';

const refuse = (app: AppDefinition, refused: readonly Refusal[]): EsteiraError => {
  const problems = refused.map(refusalWords);
  return new EsteiraError(
    'ESTEIRA_TOPICS_DIFFER',
    `nothing was changed: ${problems.length === 1 ? 'one' : problems.length} of the differences of app ${app.name} cannot be applied\n  - ${problems.join('\n  - ')}`,
    { facts: { problems } },
  );
};

const alterTopics = async (admin: BrokerAdmin, changes: readonly ConfigChange[]): Promise<void> => {
  for (const topic of new Set(changes.map((change) => change.topic))) {
    const ofTopic = changes.filter((change) => change.topic === topic);
    await admin.alterTopicConfig(topic, Object.fromEntries(ofTopic.map(({ key, to }) => [key, to])));
  }
};

const offsetsToWrite = (plan: TopicPlan, repair: boolean): ReadonlyMap<string, readonly RecordPosition[]> => {
  const byGroup = new Map<string, RecordPosition[]>();
  const add = (groupId: string, offsets: readonly RecordPosition[]): void => {
    byGroup.set(groupId, [...(byGroup.get(groupId) ?? []), ...offsets]);
  };
  for (const { groupId, offsets } of plan.firstOffsets) add(groupId, offsets);
  for (const { groupId, topic, partition, low } of repair ? plan.outOfRange : []) {
    add(groupId, [{ topic, partition, offset: low }]);
  }
  return byGroup;
};

const writeOffsets = async (
  admin: BrokerAdmin,
  groupId: string,
  offsets: readonly RecordPosition[],
): Promise<void> => {
  try {
    await admin.setCommittedOffsets(
      groupId,
      offsets.map((at) => ({ ...at, metadata: '' })),
    );
  } catch (error) {
    if (!isEsteiraError(error, 'ESTEIRA_BROKER_REFUSED')) throw error;
    // It had none when the plan was made.
    throw new EsteiraError(
      'ESTEIRA_BROKER_REFUSED',
      `group ${groupId} did not take its first offsets: a group takes none while it has members, so stop its workers and apply again (what comes before in the plan is done)`,
      { facts: { groupId }, cause: error },
    );
  }
};

/**
 * Makes the topics as the app says and writes the first offsets of its groups; returns what was done. Applying again
 * does nothing. `before` sees the plan before anything is changed; when it throws, nothing is.
 *
 * @throws EsteiraError ESTEIRA_TOPICS_DIFFER when the plan has refusals (then nothing was changed),
 *   ESTEIRA_BROKER_REFUSED when a group got a member meanwhile, ESTEIRA_SERVICE_UNREACHABLE.
 */
export const applyTopics = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  options: PlanOptions = {},
  before?: (plan: TopicPlan) => Promise<void>,
): Promise<TopicPlan> => {
  const plan = await planTopics(app, admin, options);
  if (plan.refused.length > 0) throw refuse(app, plan.refused);
  await before?.(plan);
  if (plan.create.length > 0) await admin.createTopics(plan.create);
  for (const { topic, to } of plan.grow) await admin.growTopic(topic, to);
  await alterTopics(admin, plan.alter);
  for (const [groupId, offsets] of offsetsToWrite(plan, options.repairOffsets ?? false)) {
    await writeOffsets(admin, groupId, offsets);
  }
  if (plan.drop.length > 0) await admin.deleteTopics(plan.drop);
  return plan;
};
