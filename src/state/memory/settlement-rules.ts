import type {
  CompleteAnswer,
  CompleteRequest,
  DecideAnswer,
  DecideRequest,
  SettledRequest,
  ToldRequest,
} from '../../core/ports/state.ts';
import { lifetimeMs } from '../durations.ts';
import { decidedBefore } from './claim-rules.ts';
import type { Done } from './state-records.ts';
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
  // A copy on its first hop has no decision behind it.
  if (request.hop > 0) table.deleteJob(request);
  return key?.kind === 'running' ? 'completed' : 'adopted';
};

/** Drops the event from a done mark, whose lifetime begins anew. */
export const told = (table: StateTable, request: ToldRequest): void => {
  const { fence, origin, doneTtlMs } = request;
  const key = table.key(request);
  if (key?.kind !== 'done' || key.fence !== fence || key.event === undefined) return;
  table.setKey(request, { kind: 'done', fence, origin }, lifetimeMs(doneTtlMs));
};

/** Stores what becomes of a copy; whatever the answer, a claim that was ours is given back. */
export const decide = (table: StateTable, request: DecideRequest): DecideAnswer => {
  const key = table.key(request);
  const ours = key?.kind === 'running' && key.fence === request.fence;
  if (ours) table.deleteKey(request);
  const before = decidedBefore(table.job(request), request);
  if (before !== undefined) return before;
  if (key?.kind === 'done') return decidedTooLate(key, request);
  if (request.fence !== undefined && key?.kind === 'running' && !ours) return { kind: 'fenced' };
  const { hop, fence = -1, origin, position } = request;
  const record = { hop, fence, origin, position, decision: Buffer.from(request.decision) };
  table.setJob(request, record, lifetimeMs(request.ttlMs));
  return { kind: 'stored' };
};

/** Marks the decision of exactly this copy as durable; its bytes are not needed any more. */
export const settled = (table: StateTable, request: SettledRequest): void => {
  const job = table.job(request);
  if (job?.hop !== request.hop || job.position !== request.position) return;
  const { hop, fence, origin, position } = job;
  table.replaceJob(request, { hop, fence, origin, position });
};

const decidedTooLate = (done: Done, request: DecideRequest): DecideAnswer =>
  request.fence === undefined ? { kind: 'superseded', origin: done.origin } : { kind: 'fenced' };
