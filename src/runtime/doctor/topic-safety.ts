import { topicsOf } from '../../core/app-topics.ts';
import type { PartitionReplicas } from '../../core/ports/diagnosis.ts';
import { countWords } from '../inspection/time-words.ts';
import { type Check, checksOf, someOf } from './check.ts';
import type { DoctorParts, Probe } from './parts.ts';

const { ok, warning, problem } = checksOf('topics');
const FEWEST_SAFE = 3;

/** One topic, as safe as its least safe partition. */
interface TopicSafety {
  readonly topic: string;
  readonly replicas: number;
  readonly minInSync: number;
}

type Judge = (safeties: readonly TopicSafety[], parts: DoctorParts, brokers: number) => readonly Check[];

const named = (safeties: readonly TopicSafety[]): string =>
  `${countWords(safeties.length, 'topic')} (${someOf(safeties.map(({ topic }) => topic))})`;

/** One copy: whatever becomes of its broker becomes of the records. */
const singleCopies: Judge = (safeties, { production }, brokers) => {
  const single = safeties.filter(({ replicas }) => replicas === 1);
  if (single.length === 0) return [];
  if (!production && brokers === 1)
    return [ok('copies', `one of each record, as there is one broker; not for production`)];
  const says = `one copy of each record on ${named(single)}: a broker that is lost takes them along`;
  const todo =
    brokers < FEWEST_SAFE
      ? 'run three brokers, then reassign the replicas with the tools of Kafka'
      : 'reassign the replicas with the tools of Kafka, and set KAFKA_REPLICATION_FACTOR=3';
  return [production ? problem('copies', says, todo) : warning('copies', says, todo)];
};

const unwritable: Judge = (safeties) => {
  const over = safeties.filter(({ replicas, minInSync }) => minInSync > replicas);
  if (over.length === 0) return [];
  return [
    problem(
      'min.insync.replicas',
      `larger than the number of copies on ${named(over)}: nothing can be written there`,
      'lower it below the number of replicas (`kafka-configs --alter --topic`)',
    ),
  ];
};

const fragile: Judge = (safeties) => {
  const all = safeties.filter(({ replicas, minInSync }) => replicas > 1 && minInSync === replicas);
  if (all.length === 0) return [];
  return [
    warning(
      'min.insync.replicas',
      `as many as there are copies on ${named(all)}: one broker that stops holds everything up`,
      'have three replicas, two of them in sync',
    ),
  ];
};

const thin: Judge = (safeties, { production }) => {
  const low = safeties.filter(({ replicas, minInSync }) => replicas > 1 && minInSync < 2);
  if (low.length === 0) return [];
  const says = `1 on ${named(low)}: an acknowledged record may be on one broker only`;
  const todo =
    'have three replicas and set it to 2: own topics by `esteira topics apply`, others with `kafka-configs`';
  return [
    production ? problem('min.insync.replicas', says, todo) : warning('min.insync.replicas', says, todo),
  ];
};

const safe: Judge = (safeties) => {
  const good = safeties.filter(
    ({ replicas, minInSync }) => replicas >= FEWEST_SAFE && minInSync >= 2 && minInSync < replicas,
  );
  return good.length === 0
    ? []
    : [
        ok(
          'copies',
          `each record is on two brokers before it counts, on ${countWords(good.length, 'topic')}`,
        ),
      ];
};

/** Partitions that lack copies, or nobody leads. */
const ailing = (partitions: readonly PartitionReplicas[]): readonly Check[] => {
  const place = ({ topic, partition }: PartitionReplicas): string => `${topic}/${partition}`;
  const dead = partitions.filter(({ hasLeader }) => !hasLeader);
  const behind = partitions.filter(({ hasLeader, replicas, inSync }) => hasLeader && inSync < replicas);
  return [
    ...(dead.length === 0
      ? []
      : [
          problem(
            'partitions without a leader',
            `${someOf(dead.map(place))}: they can be neither read nor written`,
            'bring back the brokers that hold them',
          ),
        ]),
    ...(behind.length === 0
      ? []
      : [
          warning(
            'copies behind',
            `${countWords(behind.length, 'partition')}: ${someOf(behind.map(place))}`,
            'look at the brokers: one is down or slow',
          ),
        ]),
  ];
};

/** How many copies of records there are, and how many must be there before a record counts. */
export const topicSafety: Probe = async (parts) => {
  const { app, admin, broker } = parts;
  const wanted = topicsOf(app, { replicationFactor: 1 }).map(({ topic }) => topic);
  const existing = [...(await admin.describeTopics(wanted)).keys()];
  const [{ brokers }, partitions, settings] = [
    await broker.cluster(),
    await broker.replicas(existing),
    await broker.settings(existing),
  ];
  const safeties = existing.map((topic): TopicSafety => {
    const copies = partitions.filter((one) => one.topic === topic).map(({ replicas }) => replicas);
    const minInSync = Number(settings.get(topic)?.['min.insync.replicas'] ?? 1);
    return { topic, replicas: copies.length === 0 ? 0 : Math.min(...copies), minInSync };
  });
  const judges = [singleCopies, unwritable, fragile, thin, safe];
  return [...judges.flatMap((judge) => judge(safeties, parts, brokers)), ...ailing(partitions)];
};
