import type { AroundAttempt } from '../consumers/execution.ts';
import type { AppDefinition } from '../core/app.ts';
import { names } from '../core/names.ts';
import { withJobSpan } from '../telemetry/job-span.ts';
import type { OpenTelemetry } from '../telemetry/open-telemetry.ts';

/** A span around each start of a handler; undefined where nothing is traced, so that jobs pay nothing. */
export const spansAround = (
  { name, jobs }: AppDefinition,
  { traced, ownIds }: Pick<OpenTelemetry, 'traced' | 'ownIds'>,
): AroundAttempt | undefined => {
  if (!traced) return undefined;
  const known = new Map(
    jobs.map(({ type, queue }) => [type, { queue, groupId: names.jobGroup(name, type) }]),
  );
  return ({ job, record, envelope, correlationId }, { attempt, starts }, work) => {
    const { queue = 'default', groupId = names.jobGroup(name, job.type) } = known.get(job.type) ?? {};
    const { traceparent } = envelope;
    const { id, type, replayId, diedIn } = job;
    const start = { ...{ jobId: id, jobType: type, queue, groupId, attempt, starts }, position: record };
    return withJobSpan({ ...start, correlationId, traceparent, replayId, diedIn }, ownIds, work);
  };
};
