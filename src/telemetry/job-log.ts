import type { JobEvent } from '../core/generated/job-event.ts';
import type { JobEventType } from '../core/job-event.ts';
import type { Log, LogFacts } from '../core/ports/log.ts';
import { startSpan } from '../core/start-span.ts';
import type { Logger } from './logger.ts';
import type { JobEventObserver } from './observer-fan.ts';

/** How one type of job event is written to the log. */
export interface JobLine {
  readonly name: string;
  readonly level: keyof Log;
  /** What stands in the line beside {@link commonFacts}. */
  readonly facts: (event: JobEvent) => LogFacts;
}

const isoTime = (epochMs: number | null): string | undefined =>
  epochMs === null ? undefined : new Date(epochMs).toISOString();

/** The error's code and its redacted message, in one text. */
const errorText = (event: JobEvent): string | undefined => {
  if (event.errorCode === null) return event.errorMessage ?? undefined;
  return event.errorMessage === null ? event.errorCode : `${event.errorCode}: ${event.errorMessage}`;
};

const reason = (event: JobEvent): LogFacts => ({ reason: event.reason ?? undefined });

/**
 * The line of each type. `job.started`, `job.completed`, `job.failed`, `job.dead_letter` and `job.retrying` are names
 * that other documents and dashboards rely on.
 */
export const JOB_LINES: Readonly<Record<JobEventType, JobLine>> = {
  'job.dispatched': { name: 'job.dispatched', level: 'info', facts: () => ({}) },
  'job.started': { name: 'job.started', level: 'info', facts: ({ attempt }) => ({ attempt }) },
  'job.progress': { name: 'job.progress', level: 'debug', facts: ({ attempt }) => ({ attempt }) },
  'job.completed': {
    name: 'job.completed',
    level: 'info',
    facts: ({ attempt, runMs }) => ({ attempt, duration_ms: runMs ?? undefined }),
  },
  'job.failed': {
    name: 'job.failed',
    level: 'warn',
    facts: (event) => ({
      attempt: event.attempt,
      error: errorText(event),
      duration_ms: event.runMs ?? undefined,
    }),
  },
  'job.retried': {
    name: 'job.retrying',
    level: 'warn',
    facts: (event) => ({ attempt: event.attempt, error: errorText(event), due_at: isoTime(event.dueAt) }),
  },
  'job.deferred': {
    name: 'job.deferred',
    level: 'info',
    facts: (event) => ({ ...reason(event), due_at: isoTime(event.dueAt) }),
  },
  'job.skipped': { name: 'job.skipped', level: 'info', facts: reason },
  'job.cancelled': { name: 'job.cancelled', level: 'info', facts: reason },
  'job.sent_to_dlq': {
    name: 'job.dead_letter',
    level: 'error',
    facts: (event) => ({
      totalAttempts: event.attempt,
      lastError: errorText(event),
      ...reason(event),
    }),
  },
  'job.replayed': {
    name: 'job.replayed',
    level: 'info',
    facts: ({ replayId }) => ({ replay_id: replayId ?? undefined }),
  },
  'job.suspended': { name: 'job.suspended', level: 'warn', facts: reason },
  'job.resumed': { name: 'job.resumed', level: 'info', facts: reason },
};

/** What stands in every job line; `userId` is absent where nobody set the job off. */
export const commonFacts = (event: JobEvent, tenantField: string): LogFacts => ({
  jobClass: event.className ?? event.jobType,
  [tenantField]: event.tenantId,
  userId: event.userId ?? undefined,
  correlationId: event.correlationId,
  job_id: event.jobId,
  task: event.jobType,
  queue: event.queue,
  timestamp: isoTime(event.time),
});

const lines: ReadonlyMap<string, JobLine> = new Map(Object.entries(JOB_LINES));

export interface JobLogOptions {
  /** How the tenant is called in log lines; default `organizationId`. */
  readonly tenantField?: string;
  /** Whether the starts of jobs have spans with the ids of `jobSpanIds`: lines of a run then name theirs. Default false. */
  readonly ownIds?: boolean;
}

/** The span of the start that a line is about. */
const traceOf = ({ executionId, jobId, replayId, starts }: JobEvent): LogFacts => {
  if (executionId === null) return {};
  const { traceId, spanId } = startSpan({ jobId, replayId, starts });
  return { trace_id: traceId, span_id: spanId };
};

/** Writes one log line for each job event, of allow-listed fields only: never a payload, a dimension or a header. */
export const createJobLog = (
  log: Log & Partial<Pick<Logger, 'isEnabled'>>,
  options: JobLogOptions = {},
): JobEventObserver => {
  const { tenantField = 'organizationId', ownIds = false } = options;
  return function jobLog(event) {
    const line = lines.get(event.type);
    if (line === undefined) {
      log.warn('job.event_of_unknown_type', { type: event.type, job_id: event.jobId });
    } else if (log.isEnabled?.(line.level) !== false) {
      const trace = ownIds ? traceOf(event) : undefined;
      log[line.level](line.name, { ...commonFacts(event, tenantField), ...line.facts(event), ...trace });
    }
  };
};
