import { DAY, GROUPED, JOB, JOBS, PLACE, ROW, type View } from './view.ts';

/** The two events that tell what an attempt cost and measured, each attempt once. */
const ENDED = `type IN ('job.completed', 'job.failed')`;

const MARKET = {
  marketplace: 'Business dimension; `-` where none was told.',
  category: 'Business dimension; `-` where none was told.',
  region: 'Business dimension; `-` where none was told.',
} as const;

const dimension = (name: string): string => `coalesce(dimensions['${name}'], '-') AS ${name}`;

const MARKETS = `${dimension('marketplace')}, ${dimension('category')}, ${dimension('region')}`;

/** What each job reported last: an attempt that is repeated measures the same records again. */
const LAST_REPORTS = `SELECT ${DAY} AS day, job_type, ${MARKETS}, metrics
  FROM job_events
  WHERE ${ENDED} AND ${ROW} IN (
    SELECT arg_max(${ROW}, ${PLACE}) FROM job_events
    WHERE ${ENDED} AND metrics['records_total'] IS NOT NULL
    GROUP BY ${JOB}
  )`;

const tenants: View = {
  name: 'tenants',
  meaning: 'Jobs and work of each tenant, day by day.',
  columns: {
    day: GROUPED.day,
    tenant_id: 'Tenant; `unknown` where it was not resolved.',
    jobs: 'Jobs that something was told of on that day; one that takes two days is counted on both.',
    completed: 'Jobs that completed.',
    dead: 'Jobs that became dead letters.',
    attempts: 'Attempts that completed or failed.',
    failed: 'Attempts that failed.',
    run_ms: 'Time of all attempts together, ms.',
  },
  sql: `SELECT ${DAY} AS day, tenant_id, ${JOBS} AS jobs,
  count(*) FILTER (type = 'job.completed') AS completed, count(*) FILTER (type = 'job.sent_to_dlq') AS dead,
  count(*) FILTER (${ENDED}) AS attempts, count(*) FILTER (type = 'job.failed') AS failed,
  coalesce(sum(run_ms) FILTER (${ENDED}), 0)::BIGINT AS run_ms
FROM job_events
WHERE type NOT IN ('job.suspended', 'job.resumed')
GROUP BY ALL`,
};

const costs: View = {
  name: 'costs',
  meaning: 'Estimated cost of each tenant: that of every attempt once, also of failed and replayed ones.',
  columns: {
    day: GROUPED.day,
    tenant_id: 'Tenant.',
    job_type: GROUPED.job_type,
    currency: 'ISO 4217; costs of different ones are never added.',
    attempts: 'Attempts that told a cost.',
    cost_micros: 'Their cost, millionths of the currency.',
    cost: 'The same in the currency.',
    failed_cost_micros: 'That part of it that failed attempts had, millionths of the currency.',
  },
  sql: `SELECT ${DAY} AS day, tenant_id, job_type, cost_currency AS currency, count(*) AS attempts,
  sum(cost_micros)::BIGINT AS cost_micros, sum(cost_micros) / 1e6 AS cost,
  coalesce(sum(cost_micros) FILTER (type = 'job.failed'), 0)::BIGINT AS failed_cost_micros
FROM job_events
WHERE ${ENDED} AND cost_micros IS NOT NULL
GROUP BY ALL`,
};

const costQuantities: View = {
  name: 'cost_quantities',
  meaning: 'What the costs are made of: the quantities that handlers added.',
  columns: {
    day: GROUPED.day,
    tenant_id: 'Tenant.',
    job_type: GROUPED.job_type,
    cost_kind: 'What was used, as the handler called it.',
    attempts: 'Attempts that used it.',
    quantity: 'How much of it, in its own unit.',
  },
  sql: `SELECT ${DAY} AS day, tenant_id, job_type, substr(entry.key, 6) AS cost_kind, count(*) AS attempts,
  sum(entry.value) AS quantity
FROM (SELECT time, tenant_id, job_type, unnest(map_entries(metrics)) AS entry FROM job_events WHERE ${ENDED})
WHERE starts_with(entry.key, 'cost.')
GROUP BY ALL`,
};

const businessQuality: View = {
  name: 'business_quality',
  meaning:
    'How good the records were that jobs validated: what each job reported last, so repeats do not count twice.',
  columns: {
    day: GROUPED.day,
    job_type: GROUPED.job_type,
    ...MARKET,
    jobs: 'Jobs that reported records.',
    records_total: 'Records they looked at.',
    records_valid: 'Records without a fault.',
    records_error: 'Records with an error.',
    records_warning: 'Records with a warning.',
    error_rate: 'records_error / records_total, 0 to 1; null without records.',
    warning_rate: 'records_warning / records_total, 0 to 1; null without records.',
    payload_size_bytes: 'Size of their payloads together, bytes.',
    processing_p95_ms: '95th percentile of the reported processing time, ms.',
  },
  sql: `SELECT day, job_type, marketplace, category, region, count(*) AS jobs,
  sum(metrics['records_total'])::BIGINT AS records_total,
  coalesce(sum(metrics['records_valid']), 0)::BIGINT AS records_valid,
  coalesce(sum(metrics['records_error']), 0)::BIGINT AS records_error,
  coalesce(sum(metrics['records_warning']), 0)::BIGINT AS records_warning,
  coalesce(sum(metrics['records_error']), 0) / nullif(sum(metrics['records_total']), 0) AS error_rate,
  coalesce(sum(metrics['records_warning']), 0) / nullif(sum(metrics['records_total']), 0) AS warning_rate,
  coalesce(sum(metrics['payload_size_bytes']), 0)::BIGINT AS payload_size_bytes,
  quantile_disc(metrics['processing_time_ms'], 0.95) AS processing_p95_ms
FROM (${LAST_REPORTS})
GROUP BY ALL`,
};

const errorsByField: View = {
  name: 'errors_by_field',
  meaning:
    'Which fields of the validated records were wrong, the most frequent first; as `business_quality`, each job once.',
  columns: {
    day: GROUPED.day,
    job_type: GROUPED.job_type,
    ...MARKET,
    field: 'Name of the field.',
    jobs: 'Jobs that found it wrong.',
    errors: 'Errors in it.',
  },
  sql: `SELECT day, job_type, marketplace, category, region, substr(entry.key, 17) AS field, count(*) AS jobs,
  sum(entry.value)::BIGINT AS errors
FROM (SELECT * EXCLUDE (metrics), unnest(map_entries(metrics)) AS entry FROM (${LAST_REPORTS}))
WHERE starts_with(entry.key, 'errors_by_field.')
GROUP BY ALL
ORDER BY errors DESC`,
};

const marketplaceEvents: View = {
  name: 'marketplace_events',
  meaning: 'The least payload that consumers of marketplace telemetry are promised, an event a row.',
  columns: {
    event_id: 'Identifier of the event.',
    event:
      '`job.started`, `job.progress`, `job.completed`, `job.failed` or `job.retrying` (elsewhere `job.retried`).',
    job_id: 'The job.',
    task: 'Its job type.',
    timestamp: 'When it happened, ISO 8601, UTC, ms.',
    ...MARKET,
    metrics:
      'What the handler measured, by name, such as `errors_by_field.price`; empty where it measured nothing.',
  },
  sql: `SELECT event_id, CASE type WHEN 'job.retried' THEN 'job.retrying' ELSE type END AS event, job_id,
  job_type AS task, strftime(make_timestamp_ms(epoch_ms(time)), '%Y-%m-%dT%H:%M:%S.%gZ') AS timestamp,
  ${MARKETS}, metrics
FROM job_events
WHERE type IN ('job.started', 'job.progress', 'job.completed', 'job.failed', 'job.retried')`,
};

/** Whose work it was, what it cost, how good it was. */
export const BUSINESS_VIEWS: readonly View[] = [
  ...[tenants, costs, costQuantities],
  ...[businessQuality, errorsByField, marketplaceEvents],
];
