import { JOB, PLACE, STEP_NUMBERS, STEPS, type View } from './view.ts';

/** Completed jobs that the history keeps of a queue. */
const KEPT_COMPLETED = 100;
/** Dead jobs that the history keeps of a queue. */
const KEPT_DEAD = 500;

/** The step of a place. */
const LAST_STEP = `(last_place % ${STEPS})`;

const stepNumbers = (...steps: readonly (keyof typeof STEP_NUMBERS)[]): string =>
  steps.map((step) => STEP_NUMBERS[step]).join(', ');

const ENDS = stepNumbers('completed', 'cancelled', 'sent_to_dlq', 'skipped');

/** What a newer version tells beside them is no step that is known here. */
const KNOWN_STEPS = Object.keys(STEP_NUMBERS)
  .map((name) => `'job.${name}'`)
  .join(', ');

/** A repeat says nothing of the job that it repeats, unless there was nothing else: it stands before all other steps. */
const BEFORE_ALL = 2 ** 55;
const OWN_PLACE = `${PLACE} - CASE WHEN type = 'job.skipped' AND reason IN ('duplicate', 'superseded') THEN ${BEFORE_ALL} ELSE 0 END`;

const STATE = `CASE
    WHEN last_place < 0 THEN 'skipped'
    WHEN repeated_place > last_place AND ${LAST_STEP} NOT IN (${ENDS}) THEN 'skipped'
    WHEN ${LAST_STEP} = ${stepNumbers('completed')} THEN 'completed'
    WHEN ${LAST_STEP} = ${stepNumbers('sent_to_dlq')} THEN 'dead'
    WHEN ${LAST_STEP} = ${stepNumbers('cancelled')} THEN 'cancelled'
    WHEN ${LAST_STEP} = ${stepNumbers('skipped')} THEN 'skipped'
    WHEN ${LAST_STEP} IN (${stepNumbers('started', 'progress')}) THEN 'running'
    WHEN ${LAST_STEP} IN (${stepNumbers('failed', 'retried')}) THEN 'retrying'
    WHEN ${LAST_STEP} = ${stepNumbers('dispatched')} THEN 'dispatched'
    ELSE 'waiting' END`;

/** Of each job what is cheap to gather in one go: numbers rather than the texts that stand at them. */
const GATHERED = `SELECT coalesce(any_value(job_key)::VARCHAR, any_value(CASE WHEN job_key IS NULL THEN job_id END)) AS job_id,
    any_value(job_type) AS job_type, any_value(queue) AS queue, any_value(user_id) AS user_id,
    coalesce(any_value(tenant_id) FILTER (tenant_id <> 'unknown'), 'unknown') AS tenant_id,
    any_value(correlation_id) AS correlation_id, max(max_attempts) AS max_attempts,
    max(place) AS last_place, max(place + ${BEFORE_ALL}) FILTER (place < 0 AND reason = 'duplicate') AS repeated_place,
    max(place) FILTER (reason IS NOT NULL) AS reason_place, arg_max(reason, place) FILTER (reason IS NOT NULL) AS reason,
    max(place) FILTER (due_at IS NOT NULL) AS due_place, max(due_at) AS due_at,
    count(*) FILTER (is_end) AS attempts,
    greatest(max(starts), count(*) FILTER (type = 'job.started'))::INTEGER AS starts,
    count(*) FILTER (type = 'job.replayed') AS replays,
    min(time) AS first_at, coalesce(max(time) FILTER (place >= 0), max(time)) AS last_at,
    coalesce(sum(run_ms) FILTER (is_end), 0)::BIGINT AS run_ms,
    sum(cost_micros) FILTER (is_end)::BIGINT AS cost_micros,
    min(cost_currency) FILTER (is_end) AS cost_currency, max(cost_currency) FILTER (is_end) AS other_currency,
    arg_max(error_code, place) FILTER (error_code IS NOT NULL) AS error_code,
    arg_max(error_fingerprint, place) FILTER (error_code IS NOT NULL) AS error_fingerprint,
    arg_max(error_message, place) FILTER (error_code IS NOT NULL) AS error_message
  FROM (
    SELECT *, ${OWN_PLACE} AS place, type IN ('job.completed', 'job.failed') AS is_end
    FROM job_events
    WHERE type IN (${KNOWN_STEPS})
  )
  GROUP BY ${JOB}`;

const ENDED = `'completed', 'dead', 'cancelled', 'skipped'`;

/** What of all jobs is known of each. */
const jobs: View = {
  name: 'jobs',
  meaning: 'One row a job: where it stands, whose it is, what it took. Its state is the one told last.',
  columns: {
    job_id: 'The job; the same through all attempts and replays.',
    job_type: 'Job type.',
    queue: 'Queue of the job type.',
    tenant_id: 'Whose job it is.',
    user_id: 'Who set it off; null where nobody did.',
    correlation_id: 'The chain it belongs to.',
    state:
      '`dispatched`, `waiting`, `running`, `retrying`, `completed`, `skipped`, `cancelled` or `dead`. A repeat that was skipped does not change it.',
    reason: 'Why it is dead, skipped, cancelled or waiting; null otherwise.',
    attempts: 'Attempts that completed or failed, those before a replay included.',
    starts: 'Starts, those whose process died included.',
    max_attempts: 'Most attempts its type allows.',
    replays: 'How often an operator ran it again.',
    first_at: 'When something was told of it first.',
    last_at: 'When something was told of it last, skipped repeats left out.',
    ended_at: 'When it completed, died, was cancelled or skipped; null before.',
    duration_ms: 'From the first thing told to its end, ms; null before its end.',
    due_at: 'When it is to run next; null where it does not wait for a time.',
    run_ms: 'Time of all its attempts together, ms.',
    cost_micros:
      'Estimated cost of all its attempts, millionths of the currency; null where none or several were told.',
    cost_currency: 'ISO 4217; null where none or several were told.',
    error_code: 'Code of its last error; null where it had none.',
    error_fingerprint: 'Fingerprint of its last error.',
    error_message: 'Message of its last error, redacted.',
  },
  sql: `SELECT job_id, job_type, queue, tenant_id, user_id, correlation_id, state,
  CASE WHEN state = 'skipped' AND repeated_place > last_place THEN 'duplicate'
    WHEN state IN ('dead', 'skipped', 'cancelled', 'waiting') AND reason_place = last_place THEN reason END AS reason,
  attempts, starts, max_attempts, replays, first_at, last_at,
  CASE WHEN state IN (${ENDED}) THEN last_at END AS ended_at,
  CASE WHEN state IN (${ENDED}) THEN epoch_ms(last_at) - epoch_ms(first_at) END AS duration_ms,
  CASE WHEN state IN ('waiting', 'retrying') AND due_place = last_place THEN due_at END AS due_at, run_ms,
  CASE WHEN cost_currency = other_currency THEN cost_micros END AS cost_micros,
  CASE WHEN cost_currency = other_currency THEN cost_currency END AS cost_currency,
  error_code, error_fingerprint, error_message
FROM (SELECT *, ${STATE} AS state FROM (${GATHERED}))`,
};

const jobHistory: View = {
  name: 'job_history',
  meaning: `Of each queue the last ${KEPT_COMPLETED} jobs that completed and the last ${KEPT_DEAD} that died, the newest first.`,
  columns: {
    queue: 'Queue.',
    state: '`completed` or `dead`.',
    nth: 'Its number from the newest, from 1.',
    job_id: 'The job.',
    job_type: 'Job type.',
    tenant_id: 'Whose job it is.',
    ended_at: 'When it ended.',
    duration_ms: 'From the first thing told to its end, ms.',
    attempts: 'Attempts that completed or failed.',
    reason: 'Dead reason; null where it completed.',
    error_code: 'Code of its last error.',
    error_message: 'Message of its last error, redacted.',
  },
  sql: `SELECT queue, state, row_number() OVER (PARTITION BY queue, state ORDER BY ended_at DESC, job_id) AS nth,
  job_id, job_type, tenant_id, ended_at, duration_ms, attempts, reason, error_code, error_message
FROM jobs
WHERE state IN ('completed', 'dead')
QUALIFY nth <= CASE state WHEN 'completed' THEN ${KEPT_COMPLETED} ELSE ${KEPT_DEAD} END
ORDER BY queue, state, nth`,
};

const timeline: View = {
  name: 'timeline',
  meaning: "Every step of a job in its order: ask for one with `WHERE job_id = '…'`.",
  columns: {
    job_id: 'The job.',
    step: 'Number of the step, from 1.',
    time: 'When it happened.',
    since_last_ms: 'Since the step before, ms; null for the first.',
    type: 'What happened.',
    attempt: 'The attempt it belongs to; 0 before the first.',
    starts: 'Starts so far.',
    hop: 'Decisions to move it so far.',
    queue_wait_ms: 'Wait in the queue before the start, ms.',
    run_ms: 'How long the handler had run, ms.',
    due_at: 'When it is to run next.',
    reason: 'Why it was deferred, skipped, cancelled, dead.',
    error_code: 'Code of the error.',
    error_message: 'Message of the error, redacted.',
    host: 'Host that told it.',
    code_version: 'Version of the code that told it.',
    execution_id: 'The start it belongs to.',
    replay_id: 'The replay it belongs to.',
    position: 'Where it stands on the telemetry topic, partition/offset.',
  },
  sql: `SELECT job_id, row_number() OVER steps AS step, time,
  epoch_ms(time) - epoch_ms(lag(time) OVER steps) AS since_last_ms,
  type, attempt, starts, hop, queue_wait_ms, run_ms, due_at, reason, error_code, error_message, host, code_version,
  execution_id, replay_id, "partition" || '/' || record_offset AS position
FROM job_events
WINDOW steps AS (PARTITION BY job_id ORDER BY ${PLACE}, record_offset)
ORDER BY job_id, step`,
};

/** Jobs one by one. */
export const JOB_VIEWS: readonly View[] = [jobs, jobHistory, timeline];
