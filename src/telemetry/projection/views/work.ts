import { countOf, DAY, GROUPED, HOUR, JOB, spreadOf, type View } from './view.ts';

const throughput: View = {
  name: 'throughput',
  meaning: 'How many steps of each kind were taken, hour by hour.',
  columns: {
    hour: 'Beginning of the hour.',
    job_type: GROUPED.job_type,
    queue: GROUPED.queue,
    dispatched: 'Jobs asked for directly, or by the job before them.',
    started: 'Attempts that began.',
    completed: 'Jobs that completed.',
    failed: 'Attempts that failed, the last ones included.',
    retried: 'Failed attempts that another one follows.',
    deferred: 'Waits of jobs that had not failed.',
    skipped: 'Repeats, and jobs that were over without having run.',
    cancelled: 'Jobs that operators ended.',
    dead: 'Jobs that became dead letters.',
    replayed: 'Dead letters and events that operators ran again.',
  },
  sql: `SELECT ${HOUR} AS hour, job_type, queue,
  ${countOf('job.dispatched')} AS dispatched, ${countOf('job.started')} AS started,
  ${countOf('job.completed')} AS completed, ${countOf('job.failed')} AS failed,
  ${countOf('job.retried')} AS retried, ${countOf('job.deferred')} AS deferred,
  ${countOf('job.skipped')} AS skipped, ${countOf('job.cancelled')} AS cancelled,
  ${countOf('job.sent_to_dlq')} AS dead, ${countOf('job.replayed')} AS replayed
FROM job_events
WHERE type NOT IN ('job.progress', 'job.suspended', 'job.resumed')
GROUP BY ALL`,
};

const latency: View = {
  name: 'latency',
  meaning: 'How long attempts ran, and how long jobs that could start waited for it.',
  columns: {
    ...GROUPED,
    runs: 'Attempts that completed or failed.',
    run_p50_ms: 'Median time of their handlers, ms.',
    run_p95_ms: '95th percentile of it, ms.',
    run_p99_ms: '99th percentile of it, ms.',
    run_max_ms: 'Longest of them, ms.',
    starts: 'Attempts that began.',
    wait_p50_ms: 'Median wait in the queue before they began, ms.',
    wait_p95_ms: '95th percentile of it, ms.',
    wait_p99_ms: '99th percentile of it, ms.',
    wait_max_ms: 'Longest of them, ms.',
  },
  sql: `SELECT ${DAY} AS day, job_type, queue,
  count(*) FILTER (type <> 'job.started') AS runs,
  ${spreadOf('run_ms', 'run', ['job.completed', 'job.failed'])},
  ${countOf('job.started')} AS starts,
  ${spreadOf('queue_wait_ms', 'wait', ['job.started'])}
FROM job_events
WHERE type IN ('job.started', 'job.completed', 'job.failed')
GROUP BY ALL`,
};

const lateness: View = {
  name: 'lateness',
  meaning: 'How late attempts began that had a due time: retries, delays, deferrals.',
  columns: {
    ...GROUPED,
    starts: 'Attempts with a due time that began.',
    late_p50_ms: 'Median time from due to begun, ms.',
    late_p95_ms: '95th percentile of it, ms.',
    late_p99_ms: '99th percentile of it, ms.',
    late_max_ms: 'Latest of them, ms.',
  },
  sql: `SELECT ${DAY} AS day, job_type, queue, count(*) AS starts,
  ${spreadOf('lateness_ms', 'late', ['job.started'])}
FROM job_events
WHERE type = 'job.started' AND lateness_ms IS NOT NULL
GROUP BY ALL`,
};

const retries: View = {
  name: 'retries',
  meaning: 'How much more work than jobs there was: attempts, starts and records a job.',
  columns: {
    job_type: GROUPED.job_type,
    queue: GROUPED.queue,
    jobs: 'Jobs that something was told of.',
    attempts: 'Attempts that completed or failed.',
    retried: 'Failed attempts that another one followed.',
    starts: 'Starts, those whose process died included.',
    starts_per_job: 'Starts a job: 1 where nothing is done twice.',
    records_per_job:
      'Records a job: its first one, and one for each decision to move it (retry, deferral, death, replay); what relays forward is not counted.',
    most_starts: 'Most starts of one job.',
  },
  sql: `SELECT job_type, queue, count(*) AS jobs, sum(attempts)::BIGINT AS attempts,
  sum(retried)::BIGINT AS retried, sum(starts)::BIGINT AS starts,
  sum(starts) / count(*) AS starts_per_job, 1 + sum(hops) / count(*) AS records_per_job,
  max(starts)::BIGINT AS most_starts
FROM (
  SELECT any_value(job_type) AS job_type, any_value(queue) AS queue,
    count(*) FILTER (type IN ('job.completed', 'job.failed')) AS attempts,
    ${countOf('job.retried')} AS retried,
    greatest(max(starts), ${countOf('job.started')}) AS starts,
    max(hop) AS hops
  FROM job_events
  WHERE type NOT IN ('job.suspended', 'job.resumed', 'job.progress')
  GROUP BY ${JOB}
)
GROUP BY ALL`,
};

/** What was done, how fast, how often. */
export const WORK_VIEWS: readonly View[] = [throughput, latency, lateness, retries];
