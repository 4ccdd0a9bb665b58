import { countOf, DAY, GROUPED, JOBS, type View } from './view.ts';

const failures: View = {
  name: 'failures',
  meaning: 'Which share of the attempts failed, and of the jobs died.',
  columns: {
    ...GROUPED,
    attempts: 'Attempts that completed or failed.',
    failed: 'Attempts that failed.',
    failure_rate: 'failed / attempts, 0 to 1; null without attempts.',
    completed: 'Jobs that completed.',
    dead: 'Jobs that became dead letters.',
    dead_rate: 'dead / (completed + dead), 0 to 1; null without either.',
  },
  sql: `SELECT day, job_type, queue, attempts, failed, failed / nullif(attempts, 0) AS failure_rate,
  completed, dead, dead / nullif(completed + dead, 0) AS dead_rate
FROM (
  SELECT ${DAY} AS day, job_type, queue,
    count(*) FILTER (type <> 'job.sent_to_dlq') AS attempts, ${countOf('job.failed')} AS failed,
    ${countOf('job.completed')} AS completed, ${countOf('job.sent_to_dlq')} AS dead
  FROM job_events
  WHERE type IN ('job.completed', 'job.failed', 'job.sent_to_dlq')
  GROUP BY ALL
)`,
};

const topErrors: View = {
  name: 'top_errors',
  meaning: 'The errors, those of one cause together, the most frequent first.',
  columns: {
    error_fingerprint: 'The same for errors of one cause; null where none was told.',
    job_type: GROUPED.job_type,
    error_code: 'Code of the newest of them; the dead reason where it died without one.',
    error_class: '`transient`, `dependency-down`, `unrecoverable` or `integrity`, of the newest.',
    error_message: 'Message of the newest, redacted.',
    failures: 'Attempts that failed with it, and jobs that died of it without an attempt.',
    jobs: 'Jobs it hit.',
    tenants: 'Tenants it hit.',
    first_at: 'When it was seen first.',
    last_at: 'When it was seen last.',
  },
  sql: `SELECT error_fingerprint, job_type,
  arg_max(coalesce(error_code, reason), time) AS error_code, arg_max(error_class, time) AS error_class,
  arg_max(error_message, time) AS error_message, count(*) AS failures,
  ${JOBS} AS jobs, count(DISTINCT tenant_id) AS tenants,
  min(time) AS first_at, max(time) AS last_at
FROM job_events
WHERE type = 'job.failed' OR (type = 'job.sent_to_dlq' AND attempt = 0)
GROUP BY error_fingerprint, job_type
ORDER BY failures DESC, last_at DESC`,
};

const deadLetters: View = {
  name: 'dead_letters',
  meaning: 'What died, and why. What operators replayed since is in `throughput` and `jobs`.',
  columns: {
    ...GROUPED,
    reason: 'Dead reason, such as `attempts_exhausted`.',
    error_class: 'Class of the last error; null where there was none.',
    letters: 'Dead letters; a job that died again after a replay has two.',
    jobs: 'Jobs they are of.',
    tenants: 'Tenants they are of.',
  },
  sql: `SELECT ${DAY} AS day, job_type, queue, reason, error_class, count(*) AS letters,
  ${JOBS} AS jobs, count(DISTINCT tenant_id) AS tenants
FROM job_events
WHERE type = 'job.sent_to_dlq'
GROUP BY ALL`,
};

const skips: View = {
  name: 'skips',
  meaning: 'Duplicates that were recognised and not run, and jobs that were over without having run.',
  columns: {
    ...GROUPED,
    reason:
      '`duplicate` or `superseded` for repeats; `precondition`, `stale_version` or `queue_full` for jobs that need not run any more.',
    skipped: 'How often.',
    jobs: 'Jobs it happened to.',
  },
  sql: `SELECT ${DAY} AS day, job_type, queue, reason, count(*) AS skipped, ${JOBS} AS jobs
FROM job_events
WHERE type = 'job.skipped'
GROUP BY ALL`,
};

/** What went wrong, and what was held back. */
export const TROUBLE_VIEWS: readonly View[] = [failures, topErrors, deadLetters, skips];
