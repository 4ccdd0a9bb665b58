import type { Attributes, Meter } from '@opentelemetry/api';
import type { JobEvent } from '../core/generated/job-event.ts';
import type { JobEventType } from '../core/job-event.ts';
import type { JobEventObserver } from './observer-fan.ts';

/** The names other documents and dashboards rely on; they leave the exporter exactly so. */
export const METRIC_NAMES = {
  duration: 'job_processing_duration_seconds',
  attempts: 'job_attempts_total',
  queueWait: 'job_queue_wait_seconds',
  deadLetters: 'jobs_in_dlq_total',
} as const;

/** Upper bounds of the histograms' buckets, seconds: 5 ms to 10 min. */
export const BUCKETS_SECONDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600,
];

/** What a type of event adds to `job_attempts_total`. A failed attempt that is tried again counts under both. */
const STATUS_OF: Readonly<Partial<Record<JobEventType, AttemptStatus>>> = {
  'job.completed': 'success',
  'job.failed': 'failed',
  'job.retried': 'retried',
};

/** The values of the label `status`. */
export const ATTEMPT_STATUSES = ['success', 'failed', 'retried'] as const;
type AttemptStatus = (typeof ATTEMPT_STATUSES)[number];
const statuses: ReadonlyMap<string, AttemptStatus> = new Map(Object.entries(STATUS_OF));

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

/** Jobs that are dead letters, by job type and queue, as far as this process knows. */
class DeadLetters {
  readonly #counts = new Map<string, { readonly labels: Attributes; count: number }>();

  constructor(meter: Meter) {
    const gauge = meter.createObservableGauge(METRIC_NAMES.deadLetters, {
      description: 'Dead letters of the job type that this process knows of.',
    });
    gauge.addCallback((result) => {
      for (const { labels, count } of this.#counts.values()) result.observe(count, labels);
    });
  }

  set(job: MeteredJob, count: number): void {
    this.#counts.set(JSON.stringify([job.type, job.queue]), { labels: labelsOf(job), count });
  }

  add(job: MeteredJob, change: 1 | -1): void {
    const known = this.#counts.get(JSON.stringify([job.type, job.queue]))?.count ?? 0;
    this.set(job, Math.max(0, known + change));
  }
}

const labelsOf = (job: MeteredJob): Attributes => ({ job_type: job.type, queue: job.queue });
const jobOf = (event: JobEvent): MeteredJob => ({ type: event.jobType, queue: event.queue });

const histogram = (meter: Meter, name: string, description: string) =>
  meter.createHistogram(name, {
    description,
    unit: 's',
    advice: { explicitBucketBoundaries: [...BUCKETS_SECONDS] },
  });

/**
 * The four job metrics. `jobs` are told with zero from the start, so that the first failure is an increase and not a
 * new series.
 */
export const createJobMetrics = (meter: Meter, jobs: readonly MeteredJob[] = []): JobMetrics => {
  const duration = histogram(meter, METRIC_NAMES.duration, 'How long the handler ran, by attempt.');
  const queueWait = histogram(meter, METRIC_NAMES.queueWait, 'From when a job could start to its start.');
  const attempts = meter.createCounter(METRIC_NAMES.attempts, { description: 'Attempts by how they ended.' });
  const deadLetters = new DeadLetters(meter);
  for (const job of jobs) {
    for (const status of ATTEMPT_STATUSES) attempts.add(0, { ...labelsOf(job), status });
    deadLetters.set(job, 0);
  }
  const jobMetrics = (event: JobEvent): void => {
    const job = jobOf(event);
    const labels = labelsOf(job);
    const status = statuses.get(event.type);
    if (status !== undefined) attempts.add(1, { ...labels, status });
    if (status !== undefined && status !== 'retried' && event.runMs !== null) {
      duration.record(event.runMs / 1_000, labels);
    }
    if (event.type === 'job.started' && event.queueWaitMs !== null) {
      queueWait.record(event.queueWaitMs / 1_000, labels);
    }
    if (event.type === 'job.sent_to_dlq') deadLetters.add(job, 1);
    if (event.type === 'job.replayed') deadLetters.add(job, -1);
  };
  return { observer: jobMetrics, setDeadLetters: (job, count) => deadLetters.set(job, count) };
};
