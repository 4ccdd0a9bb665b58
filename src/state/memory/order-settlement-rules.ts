import { turnOfPlace } from '../../core/order/replay-turn.ts';
import type {
  CondemnRequest,
  DeadRequest,
  FailRequest,
  HoldRequest,
  LiftRequest,
  OrderCompleteRequest,
  ParkAnswer,
  ParkRequest,
  RegisterRequest,
  SequenceId,
  SequenceState,
  WaitingHead,
} from '../../core/ports/order-state.ts';
import type { CompleteAnswer } from '../../core/ports/state.ts';
import { lifetimeMs, wholeMs } from '../durations.ts';
import { extend } from './claim-rules.ts';
import { endedBefore, rebuilding } from './order-claim-rules.ts';
import { Sequence } from './order-sequence.ts';
import type { StateTable } from './state-table.ts';

// The same rules as src/state/redis/order-settlement-scripts.ts, in the same order.

/** Promises a record to the waiting topic; its sequence is diverted from then on. */
export const park = (table: StateTable, request: ParkRequest): ParkAnswer => {
  if (rebuilding(table, request)) return 'rebuilding';
  if (endedBefore(table, request, table.key(request)) !== undefined) return 'ended';
  const sequence = new Sequence(table, request);
  sequence.promise(request.known ?? -1);
  if (request.follows === true && !sequence.diverted) return 'direct';
  sequence.divert(request.place);
  sequence.save(table, request, request.ttlMs);
  return 'parked';
};

/** Notes a failed attempt, or what the record dies of. */
export const fail = (table: StateTable, request: FailRequest): 'failed' | 'lost' => {
  const { place, fence, attempt, dead, note } = request;
  const key = table.key(request);
  const sequence = new Sequence(table, request);
  const head = sequence.headAt(place);
  if (key?.kind !== 'running' || key.fence !== fence) return head?.fence === fence ? 'failed' : 'lost';
  const reason = dead ?? head?.dead;
  sequence.head = {
    ...{ place, attempt, fence, starts: key.starts },
    dueMs: reason === undefined ? table.nowMs() + wholeMs(request.delayMs) : 0,
    ...(reason === undefined ? {} : { dead: reason }),
    ...(note === undefined ? {} : { note: Buffer.from(note) }),
  };
  sequence.save(table, request, request.ttlMs);
  if (dead === undefined) table.deleteKey(request);
  else extend(table, request, { ...key, dead });
  return 'failed';
};

/** Leaves the done mark and moves the sequence on, unless another run holds the key or has completed, or it has died. */
export const completeInOrder = (table: StateTable, request: OrderCompleteRequest): CompleteAnswer => {
  const { fence, origin } = request;
  const key = table.key(request);
  if (key?.kind === 'done') return key.fence === fence ? 'already' : 'fenced';
  if (key?.kind === 'running' && key.fence !== fence) return 'fenced';
  if (key?.kind !== 'running' && endedBefore(table, request, key) !== undefined) return 'fenced';
  const event = Buffer.from(request.event);
  table.setKey(request, { kind: 'done', fence, origin, event }, lifetimeMs(request.doneTtlMs));
  table.deleteJob(request);
  const sequence = new Sequence(table, request);
  sequence.end(request.place, request.where);
  sequence.save(table, request, request.ttlMs);
  return key?.kind === 'running' ? 'completed' : 'adopted';
};

/** Leaves the dead mark, gives the idempotency key back and moves the sequence on. */
export const dead = (table: StateTable, request: DeadRequest): CompleteAnswer => {
  const { fence, hop, origin } = request;
  const key = table.key(request);
  if (key?.kind === 'done') return 'fenced';
  const job = table.job(request);
  if (job !== undefined && job.hop >= hop) return job.fence === fence ? 'already' : 'fenced';
  if (key?.kind === 'running' && key.fence !== fence) return 'fenced';
  if (key?.kind === 'running') table.deleteKey(request);
  table.setJob(request, { hop, fence, origin, position: origin }, lifetimeMs(request.deadTtlMs));
  const sequence = new Sequence(table, request);
  sequence.end(request.place, request.where, 'dead');
  // A replayed one is counted already.
  if (request.hold && turnOfPlace(request.place) === undefined) sequence.held += 1;
  sequence.save(table, request, request.ttlMs);
  return key?.kind === 'running' ? 'completed' : 'adopted';
};

/** Registers copies and moves the witness; what is kept of a diverted sequence lives on. */
export const register = (table: StateTable, request: RegisterRequest): 'seen' | 'behind' => {
  const { ttlMs } = request;
  for (const { sequence: id, place } of request.copies) {
    const sequence = new Sequence(table, id);
    sequence.promise(place);
    sequence.save(table, id, ttlMs, sequence.hasWaiting);
  }
  const seen = table.order.seen(request);
  if (seen < request.after) return 'behind';
  table.order.setSeen(request, Math.max(seen, request.upTo), lifetimeMs(ttlMs));
  return 'seen';
};

export const inspect = (table: StateTable, id: SequenceId): SequenceState => {
  const { parked, passed, held, head, diverted, replay } = new Sequence(table, id);
  const isTurn = head !== undefined && turnOfPlace(head.place) !== undefined;
  return {
    diverted,
    ...(parked < 0 ? {} : { parked }),
    ...(passed < 0 ? {} : { passed }),
    ...(held === 0 ? {} : { held }),
    ...(replay === undefined ? {} : { replay: isTurn ? { ...replay, head: headState(head) } : replay }),
    ...(head === undefined || isTurn ? {} : { head: { place: head.place, ...headState(head) } }),
  };
};

const headState = ({ attempt, starts, dueMs, dead: reason }: NonNullable<Sequence['head']>): WaitingHead => ({
  ...{ attempt, starts, dueMs },
  ...(reason === undefined ? {} : { dead: reason }),
});

/** Brings a hold back; one that counts more stays. */
export const hold = (table: StateTable, request: HoldRequest): void => {
  const sequence = new Sequence(table, request);
  sequence.held = Math.max(sequence.held, request.dead, 1);
  sequence.save(table, request, request.ttlMs);
};

/** What comes next runs; what has died behind the hold, or waits to be replayed, stays dead. */
export const lift = (table: StateTable, request: LiftRequest): void => {
  const sequence = new Sequence(table, request);
  sequence.endPlan();
  sequence.held = 0;
  sequence.save(table, request, request.ttlMs);
};

/** A head that waits dies at its next claim. */
export const condemn = (table: StateTable, request: CondemnRequest): 'condemned' | 'gone' => {
  const sequence = new Sequence(table, request);
  const head = sequence.headAt(request.place);
  if (head === undefined) return 'gone';
  sequence.head = { ...head, dueMs: 0, dead: head.dead ?? request.reason };
  sequence.save(table, request, request.ttlMs);
  return 'condemned';
};
