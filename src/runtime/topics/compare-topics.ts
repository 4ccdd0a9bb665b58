import type { AppDefinition } from '../../core/app.ts';
import { type AppTopic, topicsOf, withReplication } from '../../core/app-topics.ts';
import type { BrokerAdmin, TopicDescription } from '../../core/ports/broker.ts';
import { inSyncChanges, replicaRefusals } from './replication.ts';
import type { ConfigChange, PartitionChange, TopicComparison, TopicOptions } from './topic-plan.ts';

const USUAL_REPLICATION = 3;
const MIB = 1_048_576;

/** Settings where more than the app asks for is no harm: an operator may keep records longer. */
const AT_LEAST: ReadonlySet<string> = new Set(['retention.ms', 'max.message.bytes', 'min.insync.replicas']);
/** What Kafka does with a topic that says nothing. */
const KAFKA_DEFAULTS: Readonly<Record<string, string>> = { 'cleanup.policy': 'delete' };
const NO_LIMIT = '-1';

const meets = (key: string, actual: string | undefined, wanted: string): boolean => {
  const known = actual ?? KAFKA_DEFAULTS[key];
  if (known === undefined || !AT_LEAST.has(key)) return known === wanted;
  return (key === 'retention.ms' && known === NO_LIMIT) || Number(known) >= Number(wanted);
};

/** A limit by size throws records away before the time that the app needs them for. */
const sizeLimit = ({ topic }: AppTopic, { config }: TopicDescription): readonly ConfigChange[] => {
  const from = config['retention.bytes'];
  return from === undefined || from === NO_LIMIT
    ? []
    : [{ topic, key: 'retention.bytes', from, to: NO_LIMIT }];
};

const configChanges = (wanted: AppTopic, actual: TopicDescription): readonly ConfigChange[] => [
  ...Object.entries(wanted.config)
    .filter(([key, to]) => !meets(key, actual.config[key], to))
    .map(([key, to]) => {
      const from = actual.config[key];
      return { topic: wanted.topic, key, to, ...(from === undefined ? {} : { from }) };
    }),
  ...sizeLimit(wanted, actual),
  ...inSyncChanges(actual),
];

const partitionChange = (
  { topic, role, partitions }: AppTopic,
  actual: TopicDescription,
): PartitionChange => ({
  topic,
  role,
  from: actual.partitions,
  to: partitions,
});

/** The largest record that can come in from an event topic, bytes. */
const largestRecord = (
  drafts: readonly AppTopic[],
  described: ReadonlyMap<string, TopicDescription>,
): number => {
  const events = drafts.filter(({ role }) => role === 'event');
  return Math.max(
    MIB,
    ...events.map(({ topic }) => Number(described.get(topic)?.config['max.message.bytes'] ?? MIB)),
  );
};

/** Own topics as they should be; those that exist keep the replicas they have when the app does not say how many. */
const wantedTopics = (
  app: AppDefinition,
  described: ReadonlyMap<string, TopicDescription>,
  options: { readonly usual: number; readonly fixed: boolean; readonly largestRecordBytes: number },
): readonly AppTopic[] =>
  topicsOf(app, { replicationFactor: options.usual, largestRecordBytes: options.largestRecordBytes }).map(
    (draft) => {
      const replicationFactor = described.get(draft.topic)?.replicationFactor ?? options.usual;
      if (options.fixed || replicationFactor === options.usual) return draft;
      return withReplication(draft, replicationFactor);
    },
  );

/** What is to be done about each wanted topic. */
const sortOut = (
  wanted: readonly AppTopic[],
  described: ReadonlyMap<string, TopicDescription>,
): TopicComparison => {
  const pairs = wanted.map((topic) => ({ topic, actual: described.get(topic.topic) }));
  const own = pairs.flatMap(({ topic, actual }) =>
    topic.role === 'event' || actual === undefined ? [] : [{ topic, actual }],
  );
  const partitions = own.map(({ topic, actual }) => partitionChange(topic, actual));
  return {
    create: pairs.flatMap(({ topic, actual }) => (actual === undefined ? [topic] : [])),
    alter: own.flatMap(({ topic, actual }) => configChanges(topic, actual)),
    grow: partitions.filter(({ from, to }) => from < to),
    shrink: partitions.filter(({ from, to }) => from > to),
    refused: own.flatMap(({ topic, actual }) => replicaRefusals(topic, actual)),
    existing: [...described.values()],
  };
};

/**
 * Compares the topics of the broker with the app. An event topic that exists is taken as it is, since it may belong
 * to others; the app's own must allow the largest record of any event topic.
 *
 * @throws EsteiraError ESTEIRA_SERVICE_UNREACHABLE
 */
export const compareTopics = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  options: TopicOptions = {},
): Promise<TopicComparison> => {
  const fixed = options.replicationFactor !== undefined;
  const usual = options.replicationFactor ?? Math.min(USUAL_REPLICATION, await admin.brokerCount());
  const drafts = topicsOf(app, { replicationFactor: usual });
  const described = await admin.describeTopics(drafts.map(({ topic }) => topic));
  const largestRecordBytes = largestRecord(drafts, described);
  return sortOut(wantedTopics(app, described, { usual, fixed, largestRecordBytes }), described);
};
