import { type Duration, durationMs } from './duration.ts';
import { EsteiraError, isEsteiraError } from './errors.ts';
import type { EventDefinition } from './event.ts';
import type { JobEvent } from './generated/job-event.ts';
import type { JobDefinition } from './job.ts';
import { DEFAULT_TIERS, makeLadder } from './ladder.ts';
import { isKebabCase } from './names.ts';
import { positive } from './positive.ts';
import type { TenantDirectory } from './tenants.ts';

export interface AppOptions {
  /** Kebab-case; the first part of every topic and group name. */
  readonly name: string;
  readonly events: readonly EventDefinition<unknown>[];
  readonly jobs: readonly JobDefinition<unknown>[];
  readonly tenants: TenantDirectory;
  /** Delay tiers; default {@link DEFAULT_TIERS}. The waits of retry policies and triggers are added. */
  readonly tiers?: readonly Duration[];
  /** Partitions of Esteira's own topics; default 6. */
  readonly partitions?: number;
  /** How the tenant is called in log lines; default `organizationId`. */
  readonly tenantLogField?: string;
  /** What keys the records of the telemetry topic, e.g. `marketplace:category:region`; default the tenant. */
  readonly telemetryKey?: (event: JobEvent) => string;
}

/** An app, checked as a whole. Made by {@link defineApp}. */
export interface AppDefinition {
  readonly name: string;
  readonly events: readonly EventDefinition<unknown>[];
  readonly jobs: readonly JobDefinition<unknown>[];
  readonly tenants: TenantDirectory;
  /** Delays of all tiers, ms, ascending. */
  readonly ladderMs: readonly number[];
  readonly partitions: number;
  readonly tenantLogField: string;
  readonly telemetryKey?: (event: JobEvent) => string;
}

const repeated = (values: readonly string[]): readonly string[] => [
  ...new Set(values.filter((value, index) => values.indexOf(value) !== index)),
];

const problemsOf = (options: AppOptions): readonly string[] => {
  const problems: string[] = [];
  if (!isKebabCase(options.name)) problems.push(`name ${JSON.stringify(options.name)} is not kebab-case`);
  for (const type of repeated(options.jobs.map((job) => job.type)))
    problems.push(`job type ${type} is defined twice`);
  for (const type of repeated(options.events.map((event) => event.type)))
    problems.push(`event ${type} is defined twice`);
  for (const job of options.jobs) {
    for (const { event } of job.triggers) {
      if (!options.events.some(({ type }) => type === event.type)) {
        problems.push(`job ${job.type} listens to ${event.type}, which is not among the app's events`);
      }
    }
    const triggerTypes = job.triggers.map(({ event }) => event.type);
    for (const type of repeated(triggerTypes)) problems.push(`job ${job.type} listens to ${type} twice`);
  }
  return [
    ...problems,
    ...said(() => positive(options.partitions ?? 6, 'partitions')),
    ...(options.tiers ?? []).flatMap((tier) => said(() => durationMs(tier, 'tiers'))),
  ];
};

/** What a check of one option says against it. */
const said = (check: () => unknown): readonly string[] => {
  try {
    check();
    return [];
  } catch (error) {
    if (!isEsteiraError(error)) throw error;
    return [error.message];
  }
};

/** Delays that must have a tier of their own: retry waits of unordered types, and delays of triggers. */
const policyDelays = (jobs: AppOptions['jobs']): readonly number[] =>
  jobs.flatMap((job) => [...job.retry.delaysMs, ...job.triggers.map(({ delayMs }) => delayMs)]);

/** Defines an app. @throws EsteiraError ESTEIRA_DEFINITION_INVALID listing every problem at once. */
export const defineApp = (options: AppOptions): AppDefinition => {
  const problems = problemsOf(options);
  if (problems.length > 0) {
    throw new EsteiraError('ESTEIRA_DEFINITION_INVALID', `app ${options.name}: ${problems.join('; ')}`, {
      facts: { problems },
    });
  }
  const tiersMs = (options.tiers ?? DEFAULT_TIERS).map((tier) => durationMs(tier));
  return {
    name: options.name,
    events: options.events,
    jobs: options.jobs,
    tenants: options.tenants,
    ladderMs: makeLadder([...tiersMs, ...policyDelays(options.jobs)]),
    partitions: options.partitions ?? 6,
    tenantLogField: options.tenantLogField ?? 'organizationId',
    ...(options.telemetryKey === undefined ? {} : { telemetryKey: options.telemetryKey }),
  };
};
