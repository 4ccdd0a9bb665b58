import type { AppTopic } from '../../core/app-topics.ts';
import { topicsOf } from '../../core/app-topics.ts';
import { countWords, lengthWords } from '../inspection/time-words.ts';
import { compareTopics } from '../topics/compare-topics.ts';
import type { ConfigChange, TopicComparison } from '../topics/topic-plan.ts';
import { type Check, checksOf, someOf } from './check.ts';
import type { DoctorParts, Probe } from './parts.ts';

const { ok, warning, problem } = checksOf('topics');
const PLAN = 'see it with `esteira topics plan`, mend it with `esteira topics apply`';

/** What happens as long as a setting stays as it is. */
const HARM: Readonly<Record<string, string>> = {
  'retention.ms': 'records are lost before their time',
  'cleanup.policy': 'records that are still needed are thrown away',
  'message.timestamp.type': 'a tier would count its delay from the wrong time',
  'max.message.bytes': 'large records cannot be moved there',
  'min.insync.replicas': 'an acknowledged record may be on one broker only',
};

const shown = (key: string, value: string | undefined): string => {
  if (value === undefined) return "the broker's default";
  return key === 'retention.ms' && Number(value) > 0 ? lengthWords(Number(value)) : value;
};

const differing = ({ topic, key, from, to }: ConfigChange): Check => {
  const harm = HARM[key];
  const says = `${key} is ${shown(key, from)}, the app needs ${shown(key, to)}${harm === undefined ? '' : `: ${harm}`}`;
  return problem(topic, says, PLAN);
};

const missing = (create: readonly AppTopic[], all: number): readonly Check[] =>
  create.length === 0
    ? []
    : [
        problem(
          'missing topics',
          `${create.length} of ${all} are missing: ${someOf(create.map(({ topic }) => topic))}`,
          PLAN,
        ),
      ];

const allAsSaid = ({ existing }: TopicComparison): Check =>
  ok('as the app says', `${countWords(existing.length, 'topic')}: partitions, sizes, retention, cleanup`);

/** Topics that are missing, or not as the app says. */
export const topicShapes: Probe = async ({ app, admin, replicationFactor }: DoctorParts) => {
  const comparison = await compareTopics(
    app,
    admin,
    replicationFactor === undefined ? {} : { replicationFactor },
  );
  const all = topicsOf(app, { replicationFactor: 1 }).length;
  const checks = [
    ...missing(comparison.create, all),
    ...comparison.alter.map(differing),
    ...comparison.grow.map(({ topic, from, to }) =>
      problem(topic, `has ${countWords(from, 'partition')}, the app says ${to}`, PLAN),
    ),
    ...comparison.shrink.map(({ topic, from, to }) =>
      warning(topic, `has ${countWords(from, 'partition')}, the app says ${to}`, PLAN),
    ),
    ...comparison.refused.map(({ subject, why, todo }) => problem(subject, why, todo)),
  ];
  return checks.length === 0 ? [allAsSaid(comparison)] : checks;
};
