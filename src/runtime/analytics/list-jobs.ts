import { z } from 'zod';
import type { Projection } from './ask-projection.ts';
import { rowsIn, sqlText, sqlTime } from './gather-rows.ts';

/** States that a job has in the projection. */
export const JOB_STATES = [
  ...['dispatched', 'waiting', 'running', 'retrying', 'completed', 'skipped', 'cancelled', 'dead'],
] as const;

/** Which jobs to list. */
export interface JobFilter {
  readonly state?: string;
  readonly jobType?: string;
  readonly tenant?: string;
  readonly queue?: string;
  /** Those of which something was told since then, epoch ms. */
  readonly sinceMs?: number;
  /** Jobs at most, the newest first. */
  readonly limit: number;
}

const maybe = z.string().nullable();

/** A job of the projection. Times are ISO 8601. */
export const JobRow = z.object({
  job_id: z.string(),
  job_type: z.string(),
  queue: z.string(),
  tenant_id: z.string(),
  state: z.string(),
  reason: maybe,
  attempts: z.int(),
  max_attempts: z.int(),
  first_at: z.string(),
  last_at: z.string(),
  due_at: maybe,
  run_ms: z.number(),
  cost_micros: z.number().nullable(),
  cost_currency: maybe,
  error_code: maybe,
});

export type JobRow = z.output<typeof JobRow>;

/** The jobs that match, the newest first, and whether there were more. @throws EsteiraError as `Projection.ask` */
export const listJobs = async (
  projection: Projection,
  { state, jobType, tenant, queue, sinceMs, limit }: JobFilter,
): Promise<{ readonly jobs: readonly JobRow[]; readonly isCut: boolean }> => {
  const equal = { state, job_type: jobType, tenant_id: tenant, queue };
  const conditions = Object.entries(equal).flatMap(([column, value]) =>
    value === undefined ? [] : [`${column} = ${sqlText(value)}`],
  );
  if (sinceMs !== undefined) conditions.push(`last_at >= ${sqlTime(sinceMs)}`);
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  const columns = Object.keys(JobRow.shape).join(', ');
  const sql = `SELECT ${columns} FROM jobs${where} ORDER BY last_at DESC, job_id LIMIT ${limit + 1}`;
  const jobs: JobRow[] = [];
  for await (const row of rowsIn(projection.ask({ sql, maxRows: limit + 1 }))) jobs.push(JobRow.parse(row));
  return { jobs: jobs.slice(0, limit), isCut: jobs.length > limit };
};
