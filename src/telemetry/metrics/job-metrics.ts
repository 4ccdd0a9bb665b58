import type { Attributes } from '@opentelemetry/api';
import type { JobEvent } from '../../core/generated/job-event.ts';
import type { JobEventType } from '../../core/job-event.ts';
import { BUCKETS_SECONDS, type Spread } from '../../core/spread.ts';
import type { JobEventObserver } from '../observer-fan.ts';
import type { Count, MetricFamilies } from './metric-families.ts';

/** The names other documents and dashboards rely on; they leave the exporter exactly so. */
export const METRIC_NAMES = {
  duration: 'job_processing_duration_seconds',
  attempts: 'job_attempts_total',
  queueWait: 'job_queue_wait_seconds',
  deadLetters: 'jobs_in_dlq_total',
} as const;

/** The values of the label `status`. */
export const ATTEMPT_STATUSES = ['success', 'failed', 'retried'] as const;
type AttemptStatus = (typeof ATTEMPT_STATUSES)[number];

/** A job type and its queue: the only labels, both bounded by the app's definition. */
export interface MeteredJob {
  readonly type: string;
  readonly queue: string;
}

export interface JobMetrics {
  readonly observer: JobEventObserver;
  /** Sets how many dead letters a job type has, as counted on its DLQ topic; events are added from there. */
  setDeadLetters(job: MeteredJob, count: number): void;
}

/** All numbers of one job type in one queue; a number is made when there is something to count. */
class JobNumbers {
  readonly #families: JobFamilies;
  readonly #labels: Attributes;
  readonly #attempts: Record<AttemptStatus, Count | undefined> = {
    success: undefined,
    failed: undefined,
    retried: undefined,
  };
  #duration: Spread | undefined;
  #queueWait: Spread | undefined;
  #deadLetters: Count | undefined;

  constructor(families: JobFamilies, job: MeteredJob) {
    this.#families = families;
    this.#labels = { job_type: job.type, queue: job.queue };
  }

  countAttempt(status: AttemptStatus, change = 1): void {
    const count = this.#attempts[status] ?? this.#families.attempts.of({ ...this.#labels, status });
    this.#attempts[status] = count;
    count.value += change;
  }

  ran(ms: number | null): void {
    if (ms === null || !(ms >= 0)) return;
    this.#duration ??= this.#families.duration.of(this.#labels);
    this.#duration.record(ms / 1_000);
  }

  waited(ms: number | null): void {
    if (ms === null || !(ms >= 0)) return;
    this.#queueWait ??= this.#families.queueWait.of(this.#labels);
    this.#queueWait.record(ms / 1_000);
  }

  setDeadLetters(count: number): void {
    this.#deadLetters ??= this.#families.deadLetters.of(this.#labels);
    this.#deadLetters.value = count;
  }

  /**
   * Never below zero: a replay may be of a dead letter that this process has not seen die. While their number is not
   * known there is nothing to add to: the first count has this one too.
   */
  addDeadLetters(change: 1 | -1): void {
    if (this.#families.countsLetters && this.#deadLetters === undefined) return;
    this.setDeadLetters(Math.max(0, (this.#deadLetters?.value ?? 0) + change));
  }
}

const familiesOf = (families: MetricFamilies, countsLetters: boolean) => ({
  duration: families.spreads(
    { name: METRIC_NAMES.duration, description: 'How long the handler ran, by attempt.' },
    BUCKETS_SECONDS,
  ),
  queueWait: families.spreads(
    { name: METRIC_NAMES.queueWait, description: 'From when a job could start to its start.' },
    BUCKETS_SECONDS,
  ),
  attempts: families.counts('counter', {
    name: METRIC_NAMES.attempts,
    description: 'Attempts by how they ended.',
  }),
  deadLetters: families.counts('gauge', {
    name: METRIC_NAMES.deadLetters,
    description: 'Dead letters of the job type that this process knows of.',
  }),
  countsLetters,
});

type JobFamilies = ReturnType<typeof familiesOf>;

/** The numbers of each job type and queue, made at their first event. */
const numbersBook = (families: JobFamilies) => {
  const byType = new Map<string, Map<string, JobNumbers>>();
  return (type: string, queue: string): JobNumbers => {
    const known = byType.get(type)?.get(queue);
    if (known !== undefined) return known;
    const made = new JobNumbers(families, { type, queue });
    byType.set(type, (byType.get(type) ?? new Map()).set(queue, made));
    return made;
  };
};

/** What each type of event adds. A failed attempt that is tried again counts under both statuses. */
const COUNTED: ReadonlyMap<string, (numbers: JobNumbers, event: JobEvent) => void> = new Map(
  Object.entries({
    'job.started': (numbers, event) => numbers.waited(event.queueWaitMs),
    'job.completed': (numbers, event) => {
      numbers.countAttempt('success');
      numbers.ran(event.runMs);
    },
    'job.failed': (numbers, event) => {
      numbers.countAttempt('failed');
      numbers.ran(event.runMs);
    },
    'job.retried': (numbers) => numbers.countAttempt('retried'),
    'job.sent_to_dlq': (numbers) => numbers.addDeadLetters(1),
    'job.replayed': (numbers) => numbers.addDeadLetters(-1),
  } satisfies Partial<Record<JobEventType, (numbers: JobNumbers, event: JobEvent) => void>>),
);

/**
 * The four job metrics. `jobs` are told with zero from the start, so that the first failure is an increase and not a
 * new series; dead letters only where nobody counts them (`countsLetters`, default false): a zero that is none would be
 * taken for one.
 */
export const createJobMetrics = (
  families: MetricFamilies,
  jobs: readonly MeteredJob[] = [],
  countsLetters = false,
): JobMetrics => {
  const numbersOf = numbersBook(familiesOf(families, countsLetters));
  for (const { type, queue } of jobs) {
    for (const status of ATTEMPT_STATUSES) numbersOf(type, queue).countAttempt(status, 0);
    if (!countsLetters) numbersOf(type, queue).setDeadLetters(0);
  }
  const jobMetrics = (event: JobEvent): void => {
    COUNTED.get(event.type)?.(numbersOf(event.jobType, event.queue), event);
  };
  return {
    observer: jobMetrics,
    setDeadLetters: ({ type, queue }, count) => numbersOf(type, queue).setDeadLetters(count),
  };
};
