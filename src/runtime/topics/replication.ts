import type { AppTopic } from '../../core/app-topics.ts';
import type { TopicDescription } from '../../core/ports/broker.ts';
import { countWords } from '../inspection/time-words.ts';
import type { ConfigChange, Refusal, TopicComparison } from './topic-plan.ts';

const IN_SYNC = 'min.insync.replicas';
const FEWEST_SAFE = 3;

/** How many copies must be in sync where a topic has so many. */
const fitting = (replicas: number): string => (replicas >= FEWEST_SAFE ? '2' : '1');

/** A topic that asks for more copies in sync than it has takes no record at all. */
export const inSyncChanges = ({
  topic,
  replicationFactor,
  config,
}: TopicDescription): readonly ConfigChange[] => {
  const from = config[IN_SYNC];
  if (from === undefined || Number(from) <= replicationFactor) return [];
  return [{ topic, key: IN_SYNC, from, to: fitting(replicationFactor) }];
};

/** Why a topic has to keep the replicas it has; nothing where they are enough. */
export const replicaRefusals = (wanted: AppTopic, actual: TopicDescription): readonly Refusal[] =>
  actual.replicationFactor >= wanted.replicationFactor
    ? []
    : [
        {
          subject: `topic ${wanted.topic}`,
          why: `has ${countWords(actual.replicationFactor, 'replica')}, KAFKA_REPLICATION_FACTOR says ${wanted.replicationFactor}`,
          todo: 'reassign its replicas with the tools of Kafka, or change the variable',
        },
      ];

const tooFew = ({ create }: TopicComparison, brokers: number): readonly Refusal[] => {
  const asked = Math.max(0, ...create.map(({ replicationFactor }) => replicationFactor));
  if (asked <= brokers) return [];
  return [
    {
      subject: 'KAFKA_REPLICATION_FACTOR',
      why: `says ${asked}, and there ${brokers === 1 ? 'is' : 'are'} ${countWords(brokers, 'broker')}, of which each holds one copy`,
      todo: 'start more brokers, or lower the variable',
    },
  ];
};

/** Copies in sync that the topic will ask for once its settings fit its replicas. */
const askedInSync = ({ replicationFactor, config }: TopicDescription): number =>
  Math.min(Number(config[IN_SYNC] ?? 1), replicationFactor);

const unwritable = ({ existing }: TopicComparison, brokers: number): readonly Refusal[] => {
  const stuck = existing.filter((topic) => askedInSync(topic) > brokers);
  const [first] = stuck;
  if (first === undefined) return [];
  const more = stuck.length === 1 ? '' : ` (and ${stuck.length - 1} more)`;
  return [
    {
      subject: `topic ${first.topic}${more}`,
      why: `asks for ${askedInSync(first)} copies in sync, and only ${countWords(brokers, 'broker')} can be reached: nothing can be written there`,
      todo: 'bring the other brokers back',
    },
  ];
};

/** What the brokers there are cannot give. */
export const brokerRefusals = (comparison: TopicComparison, brokers: number): readonly Refusal[] => [
  ...tooFew(comparison, brokers),
  ...unwritable(comparison, brokers),
];
