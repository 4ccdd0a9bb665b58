import type {
  JobWorkerFacts,
  PartitionFacts,
  RelayFacts,
  SuspensionFacts,
} from '../../consumers/worker-facts.ts';
import type { AppDefinition } from '../../core/app.ts';
import type { Clock } from '../../core/clock.ts';
import { durationName } from '../../core/duration.ts';
import type { Count, MetricFamilies } from '../../telemetry/metrics/metric-families.ts';
import type { PartitionEnds } from './partition-ends.ts';

export interface WorkerMetricsParts {
  readonly app: Pick<AppDefinition, 'jobs'>;
  readonly families: MetricFamilies;
  readonly clock: Clock;
  readonly ends: PartitionEnds;
}

const oldestOf = (times: readonly (number | undefined)[]): number | undefined =>
  times.reduce(
    (oldest, time) => (time !== undefined && (oldest === undefined || time < oldest) ? time : oldest),
    undefined,
  );

/** How long ago, seconds; 0 where there is nothing. */
const ageSeconds = (atMs: number | undefined, nowMs: number): number =>
  atMs === undefined ? 0 : Math.max(0, nowMs - atMs) / 1_000;

/** What is parked is another matter. */
const directOldestMs = ({ parked, oldestMs }: PartitionFacts): number | undefined =>
  parked === undefined ? oldestMs : undefined;

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** By topic. */
const lagsOf = ({ partitions }: JobWorkerFacts, ends: PartitionEnds): ReadonlyMap<string, number> => {
  const lags = new Map<string, number>();
  for (const one of partitions) lags.set(one.topic, (lags.get(one.topic) ?? 0) + ends.lagOf(one));
  return lags;
};

const countScope = (suspensions: readonly SuspensionFacts[], scope: SuspensionFacts['scope']): number =>
  suspensions.filter((one) => one.scope === scope).length;

/** The numbers of one job type's worker. */
const JOB_GAUGES: readonly {
  readonly name: string;
  readonly description: string;
  readonly kind?: 'counter';
  readonly read: (facts: JobWorkerFacts, parts: WorkerMetricsParts) => readonly Count[];
}[] = [
  {
    name: 'esteira_consumer_lag_records',
    description: 'Records of a topic that are not settled, in the partitions of this process.',
    read: (facts, { ends }) =>
      [...lagsOf(facts, ends)].map(([topic, value]) => ({
        labels: { job_type: facts.jobType, topic },
        value,
      })),
  },
  {
    name: 'esteira_oldest_waiting_seconds',
    description: 'Age of the oldest record that was fetched and is not settled; parked ones apart.',
    read: ({ jobType, queue, partitions }, { clock }) => [
      {
        labels: { job_type: jobType, queue },
        value: ageSeconds(oldestOf(partitions.map(directOldestMs)), clock.nowMs()),
      },
    ],
  },
  {
    name: 'esteira_jobs_in_flight',
    description: 'Handlers that run.',
    read: ({ jobType, queue, running }) => [{ labels: { job_type: jobType, queue }, value: running }],
  },
  {
    name: 'esteira_suspensions',
    description: 'Reasons for which starts are stopped, of the whole job type or of one tenant.',
    read: ({ jobType, suspensions }) =>
      (['type', 'tenant'] as const).map((scope) => ({
        labels: { job_type: jobType, scope },
        value: countScope(suspensions, scope),
      })),
  },
  {
    name: 'esteira_suspended_seconds',
    description: 'How long the longest of them has lasted.',
    read: ({ jobType, suspensions }, { clock }) => [
      {
        labels: { job_type: jobType },
        value: ageSeconds(oldestOf(suspensions.map(({ sinceMs }) => sinceMs)), clock.nowMs()),
      },
    ],
  },
  {
    name: 'esteira_paused',
    description: 'Whether an operator has paused the job type, or its queue: 1 or 0.',
    read: ({ jobType, isPaused }) => [{ labels: { job_type: jobType }, value: isPaused ? 1 : 0 }],
  },
  {
    name: 'esteira_claims_total',
    description: 'Answers to claims, by what they were.',
    kind: 'counter',
    read: ({ jobType, state }) =>
      Object.entries(state.claims)
        .filter(([result, value]) => value > 0 || result === 'run')
        .map(([result, value]) => ({ labels: { job_type: jobType, result }, value })),
  },
  {
    name: 'esteira_lease_losses_total',
    description: 'Claims that turned out to be of another run.',
    kind: 'counter',
    read: ({ jobType, state }) => [{ labels: { job_type: jobType }, value: state.leaseLosses }],
  },
];

/** What is told of ordered job types only. */
const KEY_GAUGES: typeof JOB_GAUGES = [
  {
    name: 'esteira_key_sequences_waiting',
    description: 'Ordering keys that have records parked on the waiting topic.',
    read: ({ jobType, partitions }) => [
      {
        labels: { job_type: jobType },
        value: sumOf(partitions.map(({ parked }) => parked?.sequences ?? 0)),
      },
    ],
  },
  {
    name: 'esteira_key_oldest_waiting_seconds',
    description: 'Since when the oldest record on the waiting topic has been parked there.',
    read: ({ jobType, partitions }, { clock }) => [
      {
        labels: { job_type: jobType },
        value: ageSeconds(oldestOf(partitions.map(({ parked }) => parked?.oldestMs)), clock.nowMs()),
      },
    ],
  },
];

/** Registers what the workers of job types say of themselves. */
export const registerWorkerMetrics = (
  parts: WorkerMetricsParts,
  read: () => readonly JobWorkerFacts[],
): void => {
  const { app, families } = parts;
  const ordered = new Set(app.jobs.filter((job) => job.ordered).map(({ type }) => type));
  const register = (gauges: typeof JOB_GAUGES, facts: () => readonly JobWorkerFacts[]): void => {
    for (const { name, description, kind = 'gauge', read: readOne } of gauges)
      families.pullCounts(kind, { name, description }, () => facts().flatMap((one) => readOne(one, parts)));
  };
  register(JOB_GAUGES, read);
  register(KEY_GAUGES, () => read().filter(({ jobType }) => ordered.has(jobType)));
  const info = { name: 'esteira_job_info', description: 'The job types of this process; always 1.' };
  families.pullCounts('gauge', info, () => {
    const here = new Set(read().map(({ jobType }) => jobType));
    return app.jobs
      .filter(({ type }) => here.has(type))
      .map(({ type, queue, kind, critical }) => ({
        labels: { job_type: type, queue, kind, critical: String(critical) },
        value: 1,
      }));
  });
};

/** Registers what the relays of tiers say of themselves. */
export const registerRelayMetrics = (
  { families, clock, ends }: WorkerMetricsParts,
  read: () => readonly RelayFacts[],
): void => {
  const tierLabel = ({ tierMs }: RelayFacts) => ({ tier: durationName(tierMs) });
  families.pullCounts(
    'gauge',
    {
      name: 'esteira_relay_lag_records',
      description: 'Records on a tier that are not forwarded yet, in the partitions of this process.',
    },
    () =>
      read().map((facts) => ({
        labels: tierLabel(facts),
        value: sumOf(facts.partitions.map((one) => ends.lagOf(one))),
      })),
  );
  families.pullCounts(
    'gauge',
    {
      name: 'esteira_relay_late_seconds',
      description: 'For how long the oldest record that is due waits to be forwarded.',
    },
    () =>
      read().map((facts) => ({
        labels: tierLabel(facts),
        value: ageSeconds(facts.overdueSinceMs, clock.nowMs()),
      })),
  );
  families.pullSpreads(
    {
      name: 'esteira_lateness_seconds',
      description: 'From when a record on a tier was due to its forwarding.',
    },
    () => read().map((facts) => ({ labels: tierLabel(facts), spread: facts.lateness })),
  );
};
