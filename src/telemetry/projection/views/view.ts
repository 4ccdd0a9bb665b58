/** A view over `job_events`, the relation of one row a distinct event. */
export interface View {
  readonly name: string;
  /** What it answers, in a sentence. */
  readonly meaning: string;
  /** What stands in each column, with its unit, in the order of the columns. */
  readonly columns: Readonly<Record<string, string>>;
  /** The query it stands for. */
  readonly sql: string;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** The UTC day of `time`, whatever zone the process is in. */
export const DAY = `DATE '1970-01-01' + (epoch_ms(time) // ${DAY_MS})::INTEGER`;

/** The beginning of the hour of `time`. */
export const HOUR = `to_timestamp((epoch_ms(time) // ${HOUR_MS}) * ${HOUR_MS / 1_000})`;

/** What is said of the columns that most views group by. */
export const GROUPED = {
  day: 'UTC day.',
  job_type: 'Job type.',
  queue: 'Queue of the job type.',
} as const;

/** What tells jobs apart: in 16 bytes, also where an identifier is no UUID, it is much cheaper than the text. */
export const JOB = 'coalesce(job_key, md5(job_id)::UUID)';

/** How many jobs the events are of. */
export const JOBS = `count(DISTINCT ${JOB})`;

/**
 * Types by numbers, in the order in which a job takes steps of one millisecond. A repeat that was skipped says nothing
 * of the job it repeats, so it has a number of its own.
 */
export const STEP_NUMBERS = {
  dispatched: 0,
  started: 1,
  progress: 2,
  failed: 3,
  retried: 4,
  deferred: 5,
  replayed: 6,
  skipped: 7,
  sent_to_dlq: 8,
  cancelled: 9,
  completed: 10,
} as const;

/** Places of one millisecond and attempt. */
export const STEPS = 16;

const STEP = `CASE type ${Object.entries(STEP_NUMBERS)
  .map(([name, number]) => `WHEN 'job.${name}' THEN ${number}`)
  .join(' ')} ELSE 15 END`;

/** Time, then attempt, then step, as one number: comparing one is much cheaper than comparing three. */
export const PLACE = `((epoch_ms(time) * 256 + least(attempt, 255)) * ${STEPS} + ${STEP})`;

/** The row of an event as one number: what is cheap to remember of it. */
export const ROW = '("partition"::BIGINT * 281474976710656 + record_offset)';

/** How many events are of one type. */
export const countOf = (type: string): string => `count(*) FILTER (type = '${type}')`;

/** A median, 95th and 99th percentile and maximum, all of them values that occurred. */
export const spreadOf = (column: string, name: string, types: readonly string[]): string => {
  const filter = `FILTER (type IN (${types.map((type) => `'${type}'`).join(', ')}))`;
  const at = (share: number): string => `quantile_disc(${column}, ${share}) ${filter}`;
  return [
    `${at(0.5)} AS ${name}_p50_ms`,
    `${at(0.95)} AS ${name}_p95_ms`,
    `${at(0.99)} AS ${name}_p99_ms`,
    `max(${column}) ${filter} AS ${name}_max_ms`,
  ].join(', ');
};
