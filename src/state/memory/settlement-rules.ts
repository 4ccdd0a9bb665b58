import type {
  ClaimId,
  CompleteAnswer,
  CompleteRequest,
  DecideAnswer,
  DecideRequest,
  PostponeRequest,
  SettledRequest,
} from '../../core/ports/state.ts';
import { lifetimeMs, wholeMs } from '../durations.ts';
import type { Done, JobRecord, KeyRecord, Running } from './state-records.ts';
import type { StateTable } from './state-table.ts';

// The same rules as src/state/redis/settlement-scripts.ts, in the same order.

/** Leaves the done mark unless another run holds the key or has completed. */
export const complete = (table: StateTable, request: CompleteRequest): CompleteAnswer => {
  const key = table.key(request);
  if (key?.kind === 'done') return key.fence === request.fence ? 'already' : 'fenced';
  if (key?.kind === 'running' && key.fence !== request.fence) return 'fenced';
  const event = Buffer.from(request.event);
  const done = { kind: 'done', fence: request.fence, origin: request.origin, event } as const;
  table.setKey(request, done, lifetimeMs(request.doneTtlMs));
  table.deleteJob(request);
  return key?.kind === 'running' ? 'completed' : 'adopted';
};

/** Drops the event from a done mark; its lifetime stays. */
export const told = (table: StateTable, id: ClaimId): void => {
  const key = table.key(id);
  if (key?.kind === 'done') {
    table.replaceKey(id, { kind: 'done', fence: key.fence, origin: key.origin });
  }
};

/** Stores what becomes of a copy; whatever the answer, a claim that was ours is given back. */
export const decide = (table: StateTable, request: DecideRequest): DecideAnswer => {
  const key = table.key(request);
  const ours = holds(key, request.fence);
  if (ours) table.deleteKey(request);
  const job = table.job(request);
  const before = job === undefined ? undefined : decidedBefore(job, request);
  if (before !== undefined) return before;
  if (key?.kind === 'done') return decidedTooLate(key, request);
  if (request.fence !== undefined && key?.kind === 'running' && !ours) return { kind: 'fenced' };
  const decision = { position: request.position, bytes: Buffer.from(request.decision) };
  const record: JobRecord = {
    hop: request.hop,
    attempt: 0,
    starts: 0,
    fence: request.fence ?? -1,
    origin: request.origin,
    decision,
  };
  table.setJob(request, record, lifetimeMs(request.ttlMs));
  return { kind: 'stored' };
};

/** Marks the decision of exactly this copy as durable; its bytes are not needed any more. */
export const settled = (table: StateTable, request: SettledRequest): void => {
  const job = table.job(request);
  if (job?.hop !== request.hop || job.decision?.position !== request.position) return;
  table.replaceJob(request, { ...job, decision: { position: request.position } });
};

/** Gives the claim back with the next attempt and its time. */
export const postpone = (table: StateTable, request: PostponeRequest): 'postponed' | 'lost' => {
  const key = table.key(request);
  const job = table.job(request);
  if (!holds(key, request.fence)) {
    const repeated = job !== undefined && job.fence === request.fence && job.dueMs !== undefined;
    return repeated ? 'postponed' : 'lost';
  }
  table.deleteKey(request);
  if (job !== undefined && (job.hop > key.hop || (job.hop === key.hop && job.decision !== undefined))) {
    return 'lost';
  }
  const dueMs = table.nowMs() + wholeMs(request.delayMs);
  const { hop, starts, fence, origin } = key;
  const record = { hop, attempt: request.attempt, starts, fence, origin, dueMs };
  table.setJob(request, record, lifetimeMs(request.ttlMs));
  return 'postponed';
};

const holds = (key: KeyRecord | undefined, fence: number | undefined): key is Running =>
  key?.kind === 'running' && key.fence === fence;

const decidedTooLate = (done: Done, request: DecideRequest): DecideAnswer =>
  request.fence === undefined ? { kind: 'superseded', origin: done.origin } : { kind: 'fenced' };

/** What an earlier decision says to this one; undefined when nothing stands against it. */
const decidedBefore = (job: JobRecord, request: DecideRequest): DecideAnswer | undefined => {
  if (job.hop > request.hop) return { kind: 'superseded', origin: job.origin };
  if (job.hop < request.hop || job.decision === undefined) return undefined;
  const { position, bytes } = job.decision;
  if (position !== request.position || bytes === undefined) return { kind: 'superseded', origin: job.origin };
  return { kind: 'decided', decision: bytes };
};
