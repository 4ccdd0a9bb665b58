import type { AppDefinition } from '../../core/app.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import { countWords } from '../inspection/time-words.ts';
import { compareTopics } from './compare-topics.ts';
import { findGaps, type GroupGap } from './group-offsets.ts';
import { type ConfigChange, refusalWords, type TopicComparison, type TopicOptions } from './topic-plan.ts';

const describeChange = ({ topic, key, from, to }: ConfigChange): string =>
  `topic ${topic}: ${key} is ${from ?? 'not set'}, the app says ${to}`;

const describeGap = ({ groupId, topic, partitions }: GroupGap): string =>
  `group ${groupId} has no offsets on ${partitions.length} partition${partitions.length === 1 ? '' : 's'} of ${topic}: it does not know where to start`;

const topicProblems = (comparison: TopicComparison): readonly string[] => [
  ...comparison.create.map(({ topic }) => `topic ${topic} is missing`),
  ...comparison.alter.map(describeChange),
  ...comparison.grow.map(
    ({ topic, from, to }) => `topic ${topic} has ${countWords(from, 'partition')}, the app says ${to}`,
  ),
  ...comparison.refused.map(refusalWords),
];

/**
 * Holds the broker to the app: every topic there and as it should be, every group with offsets to start from.
 *
 * @throws EsteiraError ESTEIRA_TOPICS_DIFFER listing every topic that is missing or differs and every group without
 *   offsets, ESTEIRA_OFFSETS_MISSING when only offsets are missing; ESTEIRA_SERVICE_UNREACHABLE.
 */
export const verifyTopics = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  options: TopicOptions = {},
): Promise<void> => {
  const comparison = await compareTopics(app, admin, options);
  const counts = new Map(comparison.existing.map(({ topic, partitions }) => [topic, partitions]));
  const differing = topicProblems(comparison);
  const problems = [...differing, ...(await findGaps(app, admin, counts)).map(describeGap)];
  if (problems.length === 0) return;
  throw new EsteiraError(
    differing.length > 0 ? 'ESTEIRA_TOPICS_DIFFER' : 'ESTEIRA_OFFSETS_MISSING',
    `the broker is not as app ${app.name} needs it\n  - ${problems.join('\n  - ')}\nSee what would be done with \`esteira topics plan\`, then do it with \`esteira topics apply\``,
    { facts: { problems } },
  );
};
