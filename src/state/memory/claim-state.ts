import type { ClaimId, ClaimState, JobRef } from '../../core/ports/state.ts';
import type { StateTable } from './state-table.ts';

// The same rules as src/state/redis/claim-state-script.ts.

/** What is known of an idempotency key. */
export const claimState = (table: StateTable, id: ClaimId): ClaimState => {
  const key = table.key(id);
  const nowMs = table.nowMs();
  if (key === undefined || key.kind === 'free') return { kind: 'unknown', nowMs };
  if (key.kind === 'done') return { kind: 'done', nowMs, fence: key.fence, origin: key.origin };
  const { untilMs, fence, jobId, attempt, starts, origin, dead } = key;
  const running = { kind: 'running' as const, nowMs, untilMs, fence, jobId, attempt, starts, origin };
  return dead === undefined ? running : { ...running, dead };
};

/** The hop that was decided about last, else -1; the same rule as src/state/redis/last-hop-script.ts. */
export const lastHop = (table: StateTable, job: JobRef): number => table.job(job)?.hop ?? -1;
