import type { JobContext } from '../../core/job.ts';

/** The context of a job as far as it can be sent to a thread; the rest is made there. */
export type SentContext = Omit<JobContext, 'signal' | 'progress'>;

/** Names each field: a context may be of a class whose fields no spread would copy. */
export const sentContext = (context: JobContext): SentContext => {
  const { jobId, jobType, tenant, userId, correlationId, traceparent, attempt, maxAttempts } = context;
  const { starts, executionId, idempotencyKey, fence } = context;
  return {
    ...{ jobId, jobType, tenant, correlationId, attempt, maxAttempts },
    ...{ starts, executionId, idempotencyKey, fence },
    ...(userId === undefined ? {} : { userId }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
};
