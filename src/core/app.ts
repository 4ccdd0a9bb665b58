import { type Duration, durationMs } from './duration.ts';
import { EsteiraError } from './errors.ts';
import type { EventDefinition } from './event.ts';
import type { JobDefinition } from './job.ts';
import { DEFAULT_TIERS, makeLadder } from './ladder.ts';
import { isKebabCase } from './names.ts';
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
  return problems;
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
  const tiers = (options.tiers ?? DEFAULT_TIERS).map((tier) => durationMs(tier, 'app.tiers'));
  return {
    name: options.name,
    events: options.events,
    jobs: options.jobs,
    tenants: options.tenants,
    ladderMs: makeLadder([...tiers, ...policyDelays(options.jobs)]),
    partitions: options.partitions ?? 6,
    tenantLogField: options.tenantLogField ?? 'organizationId',
  };
};
