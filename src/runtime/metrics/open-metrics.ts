import type { QueueLimits } from '../../consumers/limits/queue-limits.ts';
import type { SlotScheduler } from '../../consumers/scheduling/slot-scheduler.ts';
import type { JobWorkerFacts, RelayFacts, WorkerFacts } from '../../consumers/worker-facts.ts';
import type { AppDefinition } from '../../core/app.ts';
import type { Clock } from '../../core/clock.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { Broker } from '../../core/ports/broker.ts';
import type { Log } from '../../core/ports/log.ts';
import type { EmitterStatus } from '../../core/ports/telemetry-emitter.ts';
import { watchEventLoop } from '../../telemetry/metrics/event-loop-delay.ts';
import { labelValue } from '../../telemetry/metrics/label-value.ts';
import type { MetricFamilies } from '../../telemetry/metrics/metric-families.ts';
import type { Workers } from '../worker-pool.ts';
import { registerGroupMetrics } from './group-metrics.ts';
import { LetterWatch } from './letter-watch.ts';
import { PartitionEnds } from './partition-ends.ts';
import { REPLAY_STATES } from './replay-progress.ts';
import { registerRelayMetrics, registerWorkerMetrics } from './worker-metrics.ts';

/** What waits to be told somewhere, and what was given up. */
export type PendingTelemetry = Pick<EmitterStatus, 'emitter' | 'pending' | 'dropped'>;

export interface OpenMetricsParts {
  readonly app: AppDefinition;
  readonly families: MetricFamilies;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Log;
  readonly workers: Pick<Workers, 'facts'>;
  readonly slots: Pick<SlotScheduler, 'mostOf'>;
  readonly limits: Pick<QueueLimits, 'freedOf'>;
  /** The job types of this process. */
  readonly jobs: readonly JobDefinition<unknown>[];
  readonly setDeadLetters: (job: JobDefinition<unknown>, count: number) => void;
  readonly telemetry: () => readonly PendingTelemetry[];
  /** For how long the telemetry topic has acknowledged nothing although events wait for it. */
  readonly stuckMs: () => number;
  /** Reports of progress that have given way. */
  readonly progressDropped: () => number;
}

/** Metrics that are asked for when somebody reads them. */
export interface ProcessMetrics {
  /** Ends what is watched. */
  close(): Promise<void>;
}

const isJob = (facts: WorkerFacts): facts is JobWorkerFacts => facts.kind === 'job';
const isRelay = (facts: WorkerFacts): facts is RelayFacts => facts.kind === 'relay';

/**
 * Adds what the parts of a process know of themselves to its metrics. A reading asks them, in memory; what only the
 * broker knows is asked for in the background and now and then.
 */
export const openMetrics = (parts: OpenMetricsParts): ProcessMetrics => {
  const { app, families, broker, clock, log, jobs } = parts;
  const ends = new PartitionEnds({ admin: broker.admin, clock, log });
  const letters = new LetterWatch({
    ...{ ns: app.name, jobTypes: jobs.map(({ type }) => type), broker, clock, log },
    onCount: (jobType, count) => {
      const job = jobs.find(({ type }) => type === jobType);
      if (job !== undefined) parts.setDeadLetters(job, count);
    },
  });
  const read = families.shared(() => {
    const facts = parts.workers.facts();
    ends.look(facts.flatMap(({ partitions }) => partitions));
    letters.look();
    return facts;
  });
  const worker = { app, families, clock, ends };
  registerWorkerMetrics(worker, () => read().filter(isJob));
  registerRelayMetrics(worker, () => read().filter(isRelay));
  registerGroupMetrics(families, read);
  registerQueues(parts);
  registerReplays(parts, letters);
  registerTelling(parts);
  const endWatch = watchEventLoop(families);
  letters.look();
  return {
    close: async () => {
      endWatch();
      await letters.close();
    },
  };
};

const registerQueues = ({ families, slots, limits, jobs }: OpenMetricsParts): void => {
  const queues = [...new Set(jobs.map(({ queue }) => queue))];
  families.pullCounts(
    'gauge',
    {
      name: 'esteira_queue_concurrency',
      description: 'Most jobs of a queue at once in this process, as its definition or an operator says.',
    },
    () => queues.map((queue) => ({ labels: { queue }, value: slots.mostOf(queue) })),
  );
  families.pullCounts(
    'counter',
    {
      name: 'esteira_slots_freed_total',
      description: 'Slots under the limit of a queue that dead processes had, freed by this one.',
    },
    () => queues.map((queue) => ({ labels: { queue }, value: limits.freedOf(queue) })),
  );
};

const registerReplays = ({ families, jobs }: OpenMetricsParts, letters: LetterWatch): void => {
  families.pullCounts(
    'gauge',
    {
      name: 'esteira_replay_records',
      description: 'Records of the replays that run or are paused, by what became of them.',
    },
    () =>
      jobs.flatMap(({ type }) =>
        REPLAY_STATES.map((state) => ({
          labels: { job_type: type, state },
          value: letters.progress.get(type)?.[state] ?? 0,
        })),
      ),
  );
};

/** Why emitters give events up; told as 0 from the start, so that the first one is an increase. */
const DROP_REASONS = ['buffer_full', 'refused', 'too_large', 'payload_failed', 'closed', 'stopped'] as const;
const NOTHING_DROPPED = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0]));

/** One number for each set of labels: two emitters may have one name. */
const summed = (counts: readonly { readonly labels: Record<string, string>; readonly value: number }[]) => {
  const sums = new Map<string, { readonly labels: Record<string, string>; value: number }>();
  for (const { labels, value } of counts) {
    const key = JSON.stringify(labels);
    const sum = sums.get(key) ?? { labels, value: 0 };
    sum.value += value;
    sums.set(key, sum);
  }
  return [...sums.values()];
};

const registerTelling = ({ families, telemetry, stuckMs, progressDropped }: OpenMetricsParts): void => {
  families.pullCounts(
    'gauge',
    { name: 'esteira_telemetry_pending_records', description: 'Job events that are not delivered yet.' },
    () =>
      summed(
        telemetry().map(({ emitter, pending }) => ({
          labels: { emitter: labelValue(emitter) },
          value: pending,
        })),
      ),
  );
  families.pullCounts(
    'gauge',
    {
      name: 'esteira_telemetry_stuck_seconds',
      description: 'For how long the telemetry topic has acknowledged nothing although events wait for it.',
    },
    () => [{ labels: {}, value: stuckMs() / 1_000 }],
  );
  families.pullCounts(
    'counter',
    { name: 'esteira_telemetry_dropped_total', description: 'Job events that were given up.' },
    () =>
      summed(
        telemetry().flatMap(({ emitter, dropped }) =>
          Object.entries({ ...NOTHING_DROPPED, ...dropped }).map(([reason, value]) => ({
            labels: { emitter: labelValue(emitter), reason: labelValue(reason) },
            value,
          })),
        ),
      ),
  );
  families.pullCounts(
    'counter',
    {
      name: 'esteira_progress_dropped_total',
      description: 'Reports of progress that gave way to newer ones while telemetry could not be written.',
    },
    () => [{ labels: {}, value: progressDropped() }],
  );
};
