import type { AppDefinition } from '../../core/app.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import { countWords } from '../inspection/time-words.ts';
import { compareTopics } from './compare-topics.ts';
import { planOffsets, startsOnGrownTopics, startsOnNewTopics } from './group-offsets.ts';
import { findLeftLanes } from './left-lanes.ts';
import { longWaits } from './long-waits.ts';
import { findOrphans, sortOrphans, tierRefusals } from './orphaned-topics.ts';
import { brokerRefusals } from './replication.ts';
import { growthRefusal, shrinkRefusal } from './topic-growth.ts';
import type { PlanOptions, Refusal, TopicComparison, TopicPlan } from './topic-plan.ts';

/** Everything about existing partitions that must not be. */
const partitionRefusals = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  { grow, shrink }: TopicComparison,
  options: PlanOptions,
): Promise<readonly Refusal[]> => {
  const growing = await Promise.all(grow.map((change) => growthRefusal(app, admin, change, options)));
  return [
    ...shrink.map((change) => shrinkRefusal(app, change)),
    ...growing.flatMap((refusal) => refusal ?? []),
  ];
};

/** Groups that would get offsets, and take none while somebody reads in them. */
const memberRefusals = async (
  admin: BrokerAdmin,
  groupIds: readonly string[],
): Promise<readonly Refusal[]> => {
  const members = await admin.memberCounts([...new Set(groupIds)]);
  return [...members]
    .filter(([, count]) => count > 0)
    .map(([groupId, count]) => ({
      subject: `group ${groupId}`,
      why: `has ${countWords(count, 'member')}, and takes no first offsets while it has some`,
      todo: 'stop its workers, then apply (a process that was killed counts until its session has timed out)',
    }));
};

const offsetsOf = async (app: AppDefinition, admin: BrokerAdmin, comparison: TopicComparison) => {
  const created = new Map(comparison.create.map(({ topic, partitions }) => [topic, partitions]));
  const existing = comparison.existing.map(({ topic }) => topic);
  const { firstOffsets, outOfRange } = await planOffsets(app, admin, existing);
  const onNew = startsOnNewTopics(app, created);
  return {
    firstOffsets: [...onNew, ...startsOnGrownTopics(app, comparison.grow), ...firstOffsets],
    outOfRange,
  };
};

/** One refusal for each thing: what holds without a flag says more than what holds with it. */
const once = (refusals: readonly Refusal[]): readonly Refusal[] =>
  refusals.filter(({ subject }, at) => refusals.findIndex((one) => one.subject === subject) === at);

/**
 * What `applyTopics` would do with these options, and what it must not do.
 *
 * @throws EsteiraError ESTEIRA_SERVICE_UNREACHABLE
 */
export const planTopics = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  options: PlanOptions = {},
): Promise<TopicPlan> => {
  const compared = await compareTopics(app, admin, options);
  const { shrink: _, ...comparison } = compared;
  const offsets = await offsetsOf(app, admin, compared);
  const orphans = await findOrphans(app, admin);
  const dropping = options.dropOrphans === true ? sortOrphans(app, orphans) : { drop: [], refused: [] };
  const given = [...offsets.firstOffsets, ...(options.repairOffsets === true ? offsets.outOfRange : [])];
  const refused = [
    ...compared.refused,
    ...brokerRefusals(compared, await admin.brokerCount()),
    ...(await partitionRefusals(app, admin, compared, options)),
    ...longWaits(app),
    ...(await findLeftLanes(app, admin)),
    ...tierRefusals(orphans),
    ...dropping.refused,
    ...(await memberRefusals(
      admin,
      given.map(({ groupId }) => groupId),
    )),
  ];
  return { ...comparison, ...offsets, refused: once(refused), orphans, drop: dropping.drop };
};
