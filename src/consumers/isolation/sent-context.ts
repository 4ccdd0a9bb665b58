import type { JobContext } from '../../core/job.ts';
import type { LeveledLog, LogFacts } from '../../core/ports/log.ts';
import { activeTraceparent } from '../../security/active-trace.ts';
import { jobLogContext } from '../../security/job-context.ts';

/** The context of a job as far as it can be sent to a thread; the rest is made there. */
export type SentContext = Omit<JobContext, 'signal' | 'progress' | 'report' | 'addCost' | 'log'>;

/** Names each field: a context may be of a class whose fields no spread would copy. */
export const sentContext = (context: JobContext): SentContext => {
  const { jobId, jobType, tenant, userId, correlationId, traceparent, attempt, maxAttempts } = context;
  const { starts, executionId, idempotencyKey, fence, eventTimeMs } = context;
  return {
    ...{ jobId, jobType, tenant, correlationId, attempt, maxAttempts },
    ...{ starts, executionId, idempotencyKey, fence, eventTimeMs },
    ...(userId === undefined ? {} : { userId }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
};

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** What a thread needs of the telling of its process: its lines are written there, its spans belong to one there. */
export interface SentTelling {
  /** What stands in each line of the run. */
  readonly logContext: LogFacts;
  /** Levels that are not written, so that their lines need not be sent. */
  readonly quiet: readonly (keyof LeveledLog)[];
  /** The W3C trace context of the span of the run; undefined without tracing. */
  readonly span: string | undefined;
}

/** Asked while the run is the current one. */
export const sentTelling = (log: LeveledLog): SentTelling => ({
  logContext: jobLogContext(),
  quiet: LEVELS.filter((level) => log.isEnabled?.(level) === false),
  span: activeTraceparent(),
});
