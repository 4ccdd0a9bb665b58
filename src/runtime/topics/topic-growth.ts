import type { AppDefinition } from '../../core/app.ts';
import type { TopicRole } from '../../core/app-topics.ts';
import { inboxesOf } from '../../core/inbox.ts';
import type { JobDefinition } from '../../core/job.ts';
import { names } from '../../core/names.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import { lagOf } from '../inspection/group-lag.ts';
import { countWords } from '../inspection/time-words.ts';
import type { PartitionChange, PlanOptions, Refusal } from './topic-plan.ts';

/** What it does to order when the keys of a topic move to other partitions; absent where nothing relies on it. */
const HARM: Partial<Record<TopicRole, string>> = {
  inbox: 'of one ordering key, what is asked for next may run before what was asked for last',
  'dead-letters': 'the dead letters of one key lie on two partitions, in no order among them',
  failures: 'a reader may see the later failure of a tenant before the earlier one',
  telemetry:
    'a reader may see later events of a tenant before earlier ones, and `jobs why --tenant` finds only those since',
  audit: 'what one actor did lies on two partitions, in no order among them',
};

const ownerOf = (app: AppDefinition, topic: string): JobDefinition<unknown> | undefined =>
  app.jobs.find(
    (job) => inboxesOf(app.name, job).includes(topic) || names.waiting(app.name, job.type) === topic,
  );

/** What a job type has not settled of those topics; 0 for one that does not exist. */
const unsettled = async (admin: BrokerAdmin, groupId: string, topics: readonly string[]): Promise<number> => {
  const existing = [...(await admin.describeTopics(topics)).keys()];
  const lags = await Promise.all(existing.map((topic) => lagOf(admin, groupId, topic)));
  return lags.reduce((sum, { records }) => sum + records, 0);
};

/** Records of ordering keys that wait: their sequences belong to the partitions there are now. */
const waitingKeys = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  { topic }: PartitionChange,
): Promise<Refusal | undefined> => {
  const job = ownerOf(app, topic);
  if (job?.ordered !== true) return undefined;
  const topics = [...inboxesOf(app.name, job), names.waiting(app.name, job.type)];
  const count = await unsettled(admin, names.jobGroup(app.name, job.type), topics);
  if (count === 0) return undefined;
  return {
    subject: `topic ${topic}`,
    why: `cannot get more partitions while ordering keys of ${job.type} wait (${countWords(count, 'record')} not settled): they would lose their order`,
    todo: `stop what dispatches it, let it run until \`esteira queues list\` shows none waiting, then stop its workers and apply`,
  };
};

const rekeyed = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  { topic, role, from, to }: PartitionChange,
): Promise<Refusal | undefined> => {
  const harm = HARM[role];
  const isOrderless = role === 'inbox' && ownerOf(app, topic)?.ordered !== true;
  if (harm === undefined || isOrderless) return undefined;
  const ranges = await admin.offsetRanges(topic);
  const standing = ranges.reduce((sum, { low, high }) => sum + Number(high - low), 0);
  if (standing === 0) return undefined;
  return {
    subject: `topic ${topic}`,
    why: `has ${countWords(from, 'partition')} and ${countWords(standing, 'record')}, the app says ${to}: keys would move, and ${harm}`,
    todo: `keep partitions: ${from} in defineApp; or, when that may happen once, give --allow-rekey`,
  };
};

/**
 * Why a topic must not get more partitions now; undefined when it may. Topics whose keys nobody relies on, and those
 * that hold nothing, may; the others when the order of their keys may break once; never while ordering keys wait.
 *
 * @throws EsteiraError ESTEIRA_BROKER_UNAVAILABLE
 */
export const growthRefusal = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  change: PartitionChange,
  { allowRekey = false }: PlanOptions,
): Promise<Refusal | undefined> =>
  (await waitingKeys(app, admin, change)) ?? (allowRekey ? undefined : await rekeyed(app, admin, change));

/** Why a topic has to keep the partitions it has. The control topic has one whatever the app says, and cannot be drained. */
export const shrinkRefusal = (app: AppDefinition, { topic, from, to }: PartitionChange): Refusal => ({
  subject: `topic ${topic}`,
  why: `has ${countWords(from, 'partition')}, the app says ${to}: Kafka takes none away`,
  todo:
    topic === names.control(app.name)
      ? 'stop workers and operators, delete it, and run topics apply: pauses, limits and the ledgers of replays end with it'
      : `say partitions: ${from} in defineApp; or drain the topic and delete it, so that it is made anew`,
});
