import { type Duration, durationMs } from './duration.ts';
import { EsteiraError } from './errors.ts';
import type { EventDefinition } from './event.ts';
import { checkFollowers } from './followers.ts';
import type { JobEvent } from './generated/job-event.ts';
import { inboxesOf } from './inbox.ts';
import type { JobDefinition } from './job.ts';
import { DEFAULT_TIERS, makeLadder } from './ladder.ts';
import { isKebabCase, isTopicName } from './names.ts';
import type { MakeEmitter } from './ports/telemetry-emitter.ts';
import { positive } from './positive.ts';
import { Problems } from './problems.ts';
import { type QueueDefinition, type QueueOptions, resolveQueues } from './queue.ts';
import { type AppResource, checkResources } from './resources.ts';
import { delayProblems } from './retention.ts';
import type { TenantDirectory } from './tenants.ts';

export interface AppOptions {
  /** Kebab-case; the first part of every topic and group name. */
  readonly name: string;
  readonly events: readonly EventDefinition<unknown>[];
  readonly jobs: readonly JobDefinition<unknown>[];
  readonly tenants: TenantDirectory;
  /**
   * The queues that job types name, by name: `{ notifications: { priority: 'high', concurrency: 20 } }`. A record, and
   * not a list of things defined elsewhere: a name stands here once, beside the limits it has, and job types need to
   * import nothing. `default` is always there.
   */
  readonly queues?: Readonly<Record<string, QueueOptions>>;
  /** Delay tiers; default {@link DEFAULT_TIERS}. The waits of retry policies, triggers and followers are added. */
  readonly tiers?: readonly Duration[];
  /** Partitions of Esteira's own topics; default 6. */
  readonly partitions?: number;
  /** How the tenant is called in log lines; default `organizationId`. */
  readonly tenantLogField?: string;
  /** What keys the records of the telemetry topic, e.g. `marketplace:category:region`; default the tenant. */
  readonly telemetryKey?: (event: JobEvent) => string;
  /**
   * Where job events go besides the telemetry topic, as well as they can: `[(parts) => new HTTPTelemetryEmitter(parts,
   * { url })]`. Made by `start`, with the process; default none.
   */
  readonly emitters?: readonly MakeEmitter[];
  /**
   * What the app has opened itself, in the order it was opened: when a process that was started with the app stops, it
   * is closed in reverse, behind the last handler and the last telemetry. Default none.
   */
  readonly resources?: readonly AppResource[];
}

/** An app, checked as a whole. Made by {@link defineApp}. */
export interface AppDefinition {
  readonly name: string;
  readonly events: readonly EventDefinition<unknown>[];
  readonly jobs: readonly JobDefinition<unknown>[];
  readonly tenants: TenantDirectory;
  /** By name; `default` among them. */
  readonly queues: ReadonlyMap<string, QueueDefinition>;
  /** Delays of all tiers, ms, ascending. */
  readonly ladderMs: readonly number[];
  readonly partitions: number;
  readonly tenantLogField: string;
  readonly telemetryKey?: (event: JobEvent) => string;
  readonly emitters?: readonly MakeEmitter[];
  readonly resources: readonly AppResource[];
}

const repeated = (values: readonly string[]): readonly string[] => [
  ...new Set(values.filter((value, index) => values.indexOf(value) !== index)),
];

const checkJobs = ({ jobs, events }: AppOptions, problems: Problems): void => {
  for (const type of repeated(jobs.map((job) => job.type))) problems.add(`job type ${type} is defined twice`);
  for (const type of repeated(events.map((event) => event.type)))
    problems.add(`event ${type} is defined twice`);
  for (const job of jobs) {
    problems.addAll(job.problems);
    for (const { event } of job.triggers) {
      if (!events.some(({ type }) => type === event.type)) {
        problems.add(`job ${job.type} listens to ${event.type}, which is not among the app's events`);
      }
    }
    const triggerTypes = job.triggers.map(({ event }) => event.type);
    for (const type of repeated(triggerTypes)) problems.add(`job ${job.type} listens to ${type} twice`);
  }
};

/** A tenant's own inbox has the tenant in its name. */
const checkInboxes = ({ name, jobs }: AppOptions, problems: Problems): void => {
  for (const job of jobs) {
    for (const tenant of job.dedicated) {
      const topics = inboxesOf(name, { ...job, dedicated: [tenant] });
      if (topics.every(isTopicName)) continue;
      problems.add(
        `job ${job.type}: the inbox of dedicated tenant ${tenant.slice(0, 40)} would have a name of ${Math.max(...topics.map(({ length }) => length))} characters, and Kafka takes 249`,
      );
    }
  }
};

/** Each job type's queue is one of the app's. */
const checkQueues = (
  jobs: AppOptions['jobs'],
  queues: ReadonlyMap<string, QueueDefinition>,
  problems: Problems,
): void => {
  for (const { type, queue } of jobs) {
    if (queues.has(queue)) continue;
    problems.add(
      `job ${type}: queue ${queue} is not among the app's queues (${[...queues.keys()].join(', ')})`,
    );
  }
};

const checkTiers = (options: AppOptions, problems: Problems): void => {
  problems.check(() => positive(options.partitions ?? 6, 'partitions'), 6);
  for (const tier of options.tiers ?? []) {
    problems.addAll(
      delayProblems(
        problems.check(() => durationMs(tier, 'tiers'), 0),
        'tiers: one',
      ),
    );
  }
};

/** Delays that must have a tier of their own: retry waits of unordered types, and delays of triggers and followers. */
const policyDelays = (jobs: AppOptions['jobs']): readonly number[] =>
  jobs.flatMap((job) => [
    ...job.retry.delaysMs,
    ...[...job.triggers, ...job.after].map(({ delayMs }) => delayMs),
  ]);

const refuse = (name: string, problems: readonly string[]): void => {
  if (problems.length === 0) return;
  throw new EsteiraError('ESTEIRA_DEFINITION_INVALID', `app ${name}: ${problems.join('; ')}`, {
    facts: { problems },
  });
};

/**
 * Defines an app.
 *
 * @throws EsteiraError ESTEIRA_DEFINITION_INVALID listing every problem of the app, its queues and its job types at once.
 */
export const defineApp = (options: AppOptions): AppDefinition => {
  const problems = new Problems();
  if (!isKebabCase(options.name)) problems.add(`name ${JSON.stringify(options.name)} is not kebab-case`);
  checkJobs(options, problems);
  checkFollowers(options.name, options.jobs, problems);
  checkInboxes(options, problems);
  const queues = resolveQueues(options.queues ?? {}, problems);
  checkQueues(options.jobs, queues, problems);
  checkTiers(options, problems);
  checkResources(options.resources ?? [], problems);
  refuse(options.name, problems.all);
  const tiersMs = (options.tiers ?? DEFAULT_TIERS).map((tier) => durationMs(tier));
  return {
    name: options.name,
    events: options.events,
    jobs: options.jobs,
    tenants: options.tenants,
    queues,
    ladderMs: makeLadder([...tiersMs, ...policyDelays(options.jobs)]),
    partitions: options.partitions ?? 6,
    tenantLogField: options.tenantLogField ?? 'organizationId',
    ...(options.telemetryKey === undefined ? {} : { telemetryKey: options.telemetryKey }),
    ...(options.emitters === undefined ? {} : { emitters: options.emitters }),
    resources: options.resources ?? [],
  };
};
