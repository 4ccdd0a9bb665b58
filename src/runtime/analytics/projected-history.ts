import type { JobEvent } from '../../core/generated/job-event.ts';
import type { JsonValue } from '../../telemetry/projection/query/json-values.ts';
import {
  type InspectionParts,
  inOrder,
  type JobHistory,
  type JobQuery,
  readHistory,
} from '../inspection/index.ts';
import type { Projection } from './ask-projection.ts';
import { type Row, rowsIn, sqlText, sqlTime } from './gather-rows.ts';

/** What was told so shortly before the newest event of the projection may still be on its way into it. */
const SLACK_MS = 60_000;

const textIn = (row: Row, name: string): string => String(row[name] ?? '');

const textOrNull = (row: Row, name: string): string | null => {
  const value = row[name];
  return typeof value === 'string' ? value : null;
};

const numberOrNull = (row: Row, name: string): number | null => {
  const value = row[name] ?? null;
  return value === null ? null : Number(value);
};

const timeOrNull = (row: Row, name: string): number | null => {
  const text = textOrNull(row, name);
  return text === null ? null : Date.parse(text);
};

const mapIn = <T>(row: Row, name: string, read: (value: JsonValue) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(row[name] ?? {}).map(([key, value]) => [key, read(value)]));

const eventOf = (row: Row): JobEvent => ({
  eventId: textIn(row, 'event_id'),
  type: textIn(row, 'type'),
  time: timeOrNull(row, 'time') ?? 0,
  jobId: textIn(row, 'job_id'),
  jobType: textIn(row, 'job_type'),
  className: textOrNull(row, 'class_name'),
  queue: textIn(row, 'queue'),
  kind: textIn(row, 'kind'),
  tenantId: textIn(row, 'tenant_id'),
  userId: textOrNull(row, 'user_id'),
  correlationId: textIn(row, 'correlation_id'),
  causationId: textOrNull(row, 'causation_id'),
  traceparent: textOrNull(row, 'traceparent'),
  executionId: textOrNull(row, 'execution_id'),
  service: textIn(row, 'service'),
  attempt: numberOrNull(row, 'attempt') ?? 0,
  starts: numberOrNull(row, 'starts') ?? 0,
  maxAttempts: numberOrNull(row, 'max_attempts') ?? 0,
  origin: textIn(row, 'origin'),
  hop: numberOrNull(row, 'hop') ?? 0,
  queueWaitMs: numberOrNull(row, 'queue_wait_ms'),
  runMs: numberOrNull(row, 'run_ms'),
  latenessMs: numberOrNull(row, 'lateness_ms'),
  dueAt: timeOrNull(row, 'due_at'),
  errorCode: textOrNull(row, 'error_code'),
  errorClass: textOrNull(row, 'error_class'),
  errorMessage: textOrNull(row, 'error_message'),
  errorFingerprint: textOrNull(row, 'error_fingerprint'),
  reason: textOrNull(row, 'reason'),
  fence: numberOrNull(row, 'fence'),
  replayId: textOrNull(row, 'replay_id'),
  costMicros: numberOrNull(row, 'cost_micros'),
  costCurrency: textOrNull(row, 'cost_currency'),
  dimensions: mapIn(row, 'dimensions', String),
  metrics: mapIn(row, 'metrics', Number),
  codeVersion: textOrNull(row, 'code_version'),
  host: textIn(row, 'host'),
});

const eventsWhere = async (projection: Projection, condition: string): Promise<readonly JobEvent[]> => {
  const events: JobEvent[] = [];
  for await (const row of rowsIn(projection.ask({ sql: `FROM job_events WHERE ${condition}` })))
    events.push(eventOf(row));
  return events;
};

const newestMs = async (projection: Projection): Promise<number | undefined> => {
  for await (const row of rowsIn(projection.ask({ sql: 'SELECT max(time) AS newest FROM job_events' })))
    return timeOrNull(row, 'newest') ?? undefined;
  return undefined;
};

const together = (...lists: readonly (readonly JobEvent[])[]): readonly JobEvent[] =>
  inOrder(new Map(lists.flat().map((event) => [event.eventId, event])).values());

/**
 * Reads the history of a job from the projection, however old it is, and from the topic only what the projection may not
 * have yet.
 *
 * @throws EsteiraError as `Projection.ask` and `readHistory`
 */
export const historyFrom =
  (projection: Projection) =>
  async (parts: InspectionParts, query: JobQuery): Promise<JobHistory> => {
    const newest = await newestMs(projection);
    if (newest === undefined) return readHistory(parts, query);
    const own = await eventsWhere(projection, `job_id = ${sqlText(query.jobId)}`);
    const suspensions = await eventsWhere(
      projection,
      `type IN ('job.suspended', 'job.resumed') AND time >= ${sqlTime(query.sinceMs)}`,
    );
    const sinceMs = Math.max(query.sinceMs, Math.min(newest, query.nowMs) - SLACK_MS);
    const rest = await readHistory(parts, { ...query, sinceMs });
    return {
      events: together(own, rest.events),
      suspensions: together(suspensions, rest.suspensions),
      read: {
        ...rest.read,
        from: 'projection',
        backToMs: Math.min(query.sinceMs, ...own.map(({ time }) => time)),
      },
    };
  };
