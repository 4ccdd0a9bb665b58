import { type Duration, durationMs, lastingMs } from './duration.ts';
import { EsteiraError } from './errors.ts';
import { isKebabCase } from './names.ts';
import { positive } from './positive.ts';
import type { Problems } from './problems.ts';
import { attemptProblems } from './retention.ts';
import { resolveStartRate, type StartRate, type StartRateOptions } from './start-rate.ts';

/** Where a queue stands among the others of a process that is full: of 21 starts, 16, 4 and 1. */
export type QueuePriority = 'high' | 'normal' | 'low';

/** What each tenant may have of a queue. */
export interface TenantLimitOptions {
  /** Starts in a turn while several tenants wait; default 1. */
  readonly weight?: number;
  /** Jobs of one tenant at once in one process; default none but the queue's. */
  readonly concurrency?: number;
  /** Jobs of one tenant at once over all processes; default none but the queue's. */
  readonly limit?: number;
  /** Starts of one tenant over all processes; default none but the queue's. */
  readonly startRate?: StartRateOptions;
}

/** A queue: a named pool that job types share. */
export interface QueueOptions {
  /** Default `normal`. */
  readonly priority?: QueuePriority;
  /** Jobs of the queue at once in one process; default the process's cap, which always holds too. */
  readonly concurrency?: number;
  /** Jobs of the queue at once over all processes; default none. */
  readonly limit?: number;
  /** Starts over all processes; default none. */
  readonly startRate?: StartRateOptions;
  /** How long one attempt may run, for job types that do not say. */
  readonly attemptTimeout?: Duration;
  /**
   * How long a job may wait for its turn, from when it came, or was due, to its start, for job types that do not say;
   * time in Kafka, and while the queue is paused, counts. Default: for ever under `whenFull: 'wait'`, not at all under
   * `'skip'`.
   */
  readonly queueTimeout?: Duration;
  /**
   * What becomes of a job that has waited that long: under `wait` (the default) it is a dead letter, `max_age`; under
   * `skip` it is skipped, with a warning.
   */
  readonly whenFull?: 'wait' | 'skip';
  /** Limits of each tenant, and of each tenant of a tier (`Tenant.tier`), where the tier's own go before the others. */
  readonly tenants?: TenantLimitOptions & {
    readonly tiers?: Readonly<Record<string, TenantLimitOptions>>;
  };
}

/** What a tenant may have of a queue, worked out. */
export interface TenantLimits {
  readonly weight: number;
  readonly concurrency?: number;
  readonly limit?: number;
  readonly startRate?: StartRate;
}

/** A queue, worked out and checked. */
export interface QueueDefinition {
  readonly name: string;
  readonly priority: QueuePriority;
  readonly concurrency?: number;
  readonly limit?: number;
  readonly startRate?: StartRate;
  readonly attemptTimeoutMs?: number;
  readonly queueTimeoutMs?: number;
  readonly whenFull: 'wait' | 'skip';
  readonly tenants: TenantLimits;
  readonly tiers: ReadonlyMap<string, TenantLimits>;
}

/** The queue of job types that name none; an app may say more about it. */
const DEFAULT_QUEUE = 'default';

/** The queues of an app by name, the default one among them; what is wrong with them goes to `problems`. */
export const resolveQueues = (
  queues: Readonly<Record<string, QueueOptions>>,
  problems: Problems,
): ReadonlyMap<string, QueueDefinition> =>
  new Map(
    Object.entries({ [DEFAULT_QUEUE]: {}, ...queues }).map(([name, options]) => [
      name,
      resolveQueue(name, options, problems),
    ]),
  );

/** What a tenant of a tier may have of a queue; of an unknown tier, or none, what every tenant may. */
export const tenantLimitsOf = (queue: QueueDefinition, tier: string | undefined): TenantLimits =>
  (tier === undefined ? undefined : queue.tiers.get(tier)) ?? queue.tenants;

const resolveQueue = (name: string, options: QueueOptions, problems: Problems): QueueDefinition => {
  const where = `queue ${name}`;
  const { priority = 'normal', whenFull = 'wait', tenants = {} } = options;
  if (!isKebabCase(name)) problems.add(`queue ${JSON.stringify(name)} is not kebab-case`);
  problems.check(() => oneOf(priority, ['high', 'normal', 'low'], `${where}: priority`), undefined);
  problems.check(() => oneOf(whenFull, ['wait', 'skip'], `${where}: whenFull`), undefined);
  const attemptTimeoutMs = optional(problems, options.attemptTimeout, (timeout) =>
    lastingMs(timeout, `${where}: attemptTimeout`),
  );
  problems.addAll(attemptProblems(attemptTimeoutMs, where));
  const queueTimeoutMs = optional(problems, options.queueTimeout, (timeout) =>
    durationMs(timeout, `${where}: queueTimeout`),
  );
  const everyTenant = tenantLimits(tenants, `${where}: tenants`, problems);
  return {
    name,
    priority,
    whenFull,
    ...pool(options, where, problems),
    ...(attemptTimeoutMs === undefined ? {} : { attemptTimeoutMs }),
    ...(queueTimeoutMs === undefined ? {} : { queueTimeoutMs }),
    tenants: everyTenant,
    tiers: new Map(
      Object.entries(tenants.tiers ?? {}).map(([tier, own]) => [
        tier,
        {
          ...everyTenant,
          ...tenantLimits(own, `${where}: tenants.tiers.${tier}`, problems, everyTenant.weight),
        },
      ]),
    ),
  };
};

const oneOf = (given: string, known: readonly string[], where: string): void => {
  if (known.includes(given)) return;
  throw new EsteiraError(
    'ESTEIRA_DEFINITION_INVALID',
    `${where} is ${JSON.stringify(given)}: give one of ${known.join(', ')}`,
  );
};

const optional = <V, R>(problems: Problems, value: V | undefined, resolve: (value: V) => R): R | undefined =>
  value === undefined ? undefined : problems.check<R | undefined>(() => resolve(value), undefined);

type Pool = Pick<TenantLimits, 'concurrency' | 'limit' | 'startRate'>;

const pool = (
  options: Pick<TenantLimitOptions, 'concurrency' | 'limit' | 'startRate'>,
  where: string,
  problems: Problems,
): Pool => {
  const concurrency = optional(problems, options.concurrency, (most) =>
    positive(most, `${where}: concurrency`),
  );
  const limit = optional(problems, options.limit, (most) => positive(most, `${where}: limit`));
  const startRate = optional(problems, options.startRate, (rate) =>
    resolveStartRate(rate, `${where}: startRate`),
  );
  return {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(limit === undefined ? {} : { limit }),
    ...(startRate === undefined ? {} : { startRate }),
  };
};

/** `weight` is what counts where the options say none. */
const tenantLimits = (
  options: TenantLimitOptions,
  where: string,
  problems: Problems,
  weight = 1,
): TenantLimits => ({
  weight: problems.check(() => positive(options.weight ?? weight, `${where}: weight`), weight),
  ...pool(options, where, problems),
});
