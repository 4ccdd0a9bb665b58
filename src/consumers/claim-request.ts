import { randomId } from '../core/ids.ts';
import type { JobDefinition } from '../core/job.ts';
import type { ClaimRequest } from '../core/ports/state.ts';
import type { Entry } from './entry.ts';

/** What an entry of an unordered job type asks for, with a fresh run. */
export const claimRequestOf = (job: JobDefinition<unknown>, { delivery }: Entry): ClaimRequest => {
  const { claim, origin } = delivery;
  const { id, hop, attempt, starts } = delivery.job;
  return {
    jobType: claim.jobType,
    tenant: claim.tenant,
    idempotencyKey: claim.idempotencyKey,
    jobId: id,
    hop,
    position: delivery.position,
    origin,
    attempt,
    starts,
    maxAttempts: job.retry.attempts,
    maxStarts: job.maxStarts,
    leaseMs: job.leaseMs,
    run: randomId(),
  };
};
