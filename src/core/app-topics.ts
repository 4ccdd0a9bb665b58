import type { AppDefinition } from './app.ts';
import { inboxesOf } from './inbox.ts';
import type { JobDefinition, StartFrom } from './job.ts';
import { names } from './names.ts';
import type { TopicSpec } from './ports/broker.ts';
import { INBOX_RETENTION_MS, tierRetentionMs, waitingRetentionMs } from './retention.ts';

/** What a topic is for. `event` topics may belong to others; all the rest are the app's own. */
export type TopicRole =
  | 'event'
  | 'inbox'
  | 'tier'
  | 'waiting'
  | 'dead-letters'
  | 'unroutable'
  | 'failures'
  | 'telemetry'
  | 'audit'
  | 'control';

/** A topic of an app, as it should be. */
export interface AppTopic extends TopicSpec {
  readonly role: TopicRole;
}

export interface AppTopicsOptions {
  readonly replicationFactor: number;
  /** The largest record an event topic takes, bytes; default 1 MiB. */
  readonly largestRecordBytes?: number;
}

const DAY_MS = 86_400_000;
const MIB = 1_048_576;
/** What Esteira's headers may add to a record on its way. */
const HEADER_ROOM_BYTES = 65_536;

/** How long records stay, ms. */
const RETENTION_MS: Readonly<Record<Exclude<TopicRole, 'event' | 'tier' | 'waiting' | 'control'>, number>> = {
  inbox: INBOX_RETENTION_MS,
  'dead-letters': 90 * DAY_MS,
  unroutable: 90 * DAY_MS,
  failures: 30 * DAY_MS,
  telemetry: 30 * DAY_MS,
  audit: 365 * DAY_MS,
};

type OwnTopic = {
  readonly topic: string;
  readonly role: TopicRole;
  /** Absent: the latest record of each key is kept for ever. */
  readonly retentionMs?: number;
  readonly partitions?: number;
};

/** As many as the widest topic its records come from: each partition's records wait in the one of its index. */
export const waitingPartitionsOf = (app: AppDefinition, job: JobDefinition<unknown>): number =>
  Math.max(app.partitions, ...job.triggers.map(({ event }) => event.partitions));

const ownTopics = (app: AppDefinition): readonly OwnTopic[] => {
  const one = (role: keyof typeof RETENTION_MS, topic: string): OwnTopic => ({
    topic,
    role,
    retentionMs: RETENTION_MS[role],
  });
  return [
    ...app.jobs.flatMap((job) => inboxesOf(app.name, job).map((topic) => one('inbox', topic))),
    ...app.ladderMs.map((delayMs) => ({
      topic: names.tier(app.name, delayMs),
      role: 'tier' as const,
      retentionMs: tierRetentionMs(delayMs),
    })),
    ...app.jobs
      .filter(({ ordered }) => ordered)
      .map((job) => ({
        topic: names.waiting(app.name, job.type),
        role: 'waiting' as const,
        retentionMs: waitingRetentionMs(job),
        partitions: waitingPartitionsOf(app, job),
      })),
    ...app.jobs.map(({ type }) => one('dead-letters', names.deadLetters(app.name, type))),
    one('unroutable', names.unroutable(app.name)),
    one('failures', names.failures(app.name)),
    one('telemetry', names.telemetry(app.name)),
    one('audit', names.audit(app.name)),
    // One partition: the order of the log decides who came first.
    { topic: names.control(app.name), role: 'control', partitions: 1 },
  ];
};

/** A record that is acknowledged must be on two brokers, wherever there are three. */
const durability = (replicationFactor: number): Readonly<Record<string, string>> =>
  replicationFactor >= 3 ? { 'min.insync.replicas': '2' } : {};

const toSpec = (app: AppDefinition, own: OwnTopic, options: AppTopicsOptions): AppTopic => ({
  topic: own.topic,
  role: own.role,
  partitions: own.partitions ?? app.partitions,
  replicationFactor: options.replicationFactor,
  config: {
    'cleanup.policy': own.retentionMs === undefined ? 'compact' : 'delete',
    'max.message.bytes': String((options.largestRecordBytes ?? MIB) + HEADER_ROOM_BYTES),
    ...(own.retentionMs === undefined ? {} : { 'retention.ms': String(own.retentionMs) }),
    ...(own.role === 'tier' ? { 'message.timestamp.type': 'LogAppendTime' } : {}),
    ...durability(options.replicationFactor),
  },
});

const eventTopics = (app: AppDefinition, options: AppTopicsOptions): readonly AppTopic[] => {
  const partitions = new Map<string, number>();
  for (const event of app.events) {
    partitions.set(event.topic, Math.max(event.partitions, partitions.get(event.topic) ?? 0));
  }
  return [...partitions].map(([topic, count]) => ({
    topic,
    role: 'event',
    partitions: count,
    replicationFactor: options.replicationFactor,
    config: durability(options.replicationFactor),
  }));
};

/** The topic with another number of replicas, and the durability that fits it. */
export const withReplication = (topic: AppTopic, replicationFactor: number): AppTopic => {
  const { 'min.insync.replicas': _, ...config } = topic.config;
  return { ...topic, replicationFactor, config: { ...config, ...durability(replicationFactor) } };
};

/**
 * Every topic an app needs, each once. A topic shared by events has the most partitions any of them asks for. Event
 * topics keep the broker's settings, but for durability; the app's own say how long and how large.
 */
export const topicsOf = (app: AppDefinition, options: AppTopicsOptions): readonly AppTopic[] => {
  const own = ownTopics(app).map((one) => toSpec(app, one, options));
  const ownNames = new Set(own.map(({ topic }) => topic));
  // An event may live on an own topic: JobFailed on <ns>.failures.
  return [...eventTopics(app, options).filter(({ topic }) => !ownNames.has(topic)), ...own];
};

/**
 * The topics the group of a job type reads: those of its triggers, its inboxes and, when ordered, its waiting topic.
 * What is to be read before all others comes first: an answer to a fetch is filled in this order.
 */
export const subscriptionOf = (app: AppDefinition, job: JobDefinition<unknown>): readonly string[] => {
  const { high, others } = byUrgency(app, job);
  return [
    ...new Set([
      ...high,
      ...job.triggers.map(({ event }) => event.topic),
      ...others,
      ...(job.ordered ? [names.waiting(app.name, job.type)] : []),
    ]),
  ];
};

const byUrgency = (app: AppDefinition, job: JobDefinition<unknown>) => {
  const others = inboxesOf(app.name, { ...job, lanes: job.lanes.filter((lane) => lane !== 'high') });
  return { others, high: inboxesOf(app.name, job).filter((topic) => !others.includes(topic)) };
};

/** A consumer group of an app and where it starts on each topic that has none of its offsets. */
export interface AppGroup {
  readonly groupId: string;
  readonly starts: readonly { readonly topic: string; readonly from: StartFrom }[];
}

const jobGroup = (app: AppDefinition, job: JobDefinition<unknown>): AppGroup => {
  const own = [...inboxesOf(app.name, job), names.waiting(app.name, job.type)];
  return {
    groupId: names.jobGroup(app.name, job.type),
    // Its own topics hold only what was asked of this job type: nothing of it may be jumped over.
    starts: subscriptionOf(app, job).map((topic) => ({
      topic,
      from: own.includes(topic) ? 'beginning' : job.startFrom,
    })),
  };
};

/** Every consumer group of an app: one for each job type, one for each delay tier. */
export const groupsOf = (app: AppDefinition): readonly AppGroup[] => [
  ...app.jobs.map((job) => jobGroup(app, job)),
  ...app.ladderMs.map(
    (delayMs): AppGroup => ({
      groupId: names.relayGroup(app.name, delayMs),
      starts: [{ topic: names.tier(app.name, delayMs), from: 'beginning' }],
    }),
  ),
];
