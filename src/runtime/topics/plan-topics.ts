import type { AppDefinition } from '../../core/app.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import { compareTopics } from './compare-topics.ts';
import { planOffsets, startsOnNewTopics } from './group-offsets.ts';
import { findLeftLanes } from './left-lanes.ts';
import type { TopicOptions, TopicPlan } from './topic-plan.ts';

/**
 * What `applyTopics` would do, and what it cannot do.
 *
 * @throws EsteiraError ESTEIRA_SERVICE_UNREACHABLE
 */
export const planTopics = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  options: TopicOptions = {},
): Promise<TopicPlan> => {
  const comparison = await compareTopics(app, admin, options);
  const created = new Map(comparison.create.map(({ topic, partitions }) => [topic, partitions]));
  const existing = comparison.existing.map(({ topic }) => topic);
  const { firstOffsets, outOfRange } = await planOffsets(app, admin, existing);
  return {
    ...comparison,
    problems: [...comparison.problems, ...(await findLeftLanes(app, admin))],
    firstOffsets: [...startsOnNewTopics(app, created), ...firstOffsets],
    outOfRange,
  };
};
