import { turnOfPlace } from '../../core/order/replay-turn.ts';
import type { DeadReason } from '../../core/outcome.ts';
import type {
  OrderClaimAnswer,
  OrderClaimRequest,
  PlacedId,
  WaitingPartition,
  Witnessed,
} from '../../core/ports/order-state.ts';
import { exhausted, extend, give } from './claim-rules.ts';
import { Sequence } from './order-sequence.ts';
import type { Head } from './order-table.ts';
import type { KeyRecord, Running } from './state-records.ts';
import type { StateTable } from './state-table.ts';

// The same rules as src/state/redis/order-claim-script.ts, in the same order; docs/adr/0008 says why they are these.

/** Who may run at its turn in the sequence. */
export const claimInOrder = (table: StateTable, request: OrderClaimRequest): OrderClaimAnswer => {
  if (rebuilding(table, request)) return { kind: 'rebuilding' };
  const sequence = new Sequence(table, request);
  sequence.promise(request.where === 'direct' ? (request.known ?? -1) : request.place);
  const answer = answerInOrder(table, request, sequence);
  sequence.save(table, request, request.ttlMs);
  return answer;
};

/** Whether the store has lost what a direct worker knows to have been parked. */
export const rebuilding = (table: StateTable, request: PlacedId & Witnessed & WaitingPartition): boolean =>
  request.where === 'direct' && table.order.seen(request) < request.parkedEnd;

const answerInOrder = (
  table: StateTable,
  request: OrderClaimRequest,
  sequence: Sequence,
): OrderClaimAnswer => {
  const { place, where } = request;
  const direct = where === 'direct';
  if (direct && sequence.passed < place && place <= sequence.parked) return { kind: 'park' };
  const key = table.key(request);
  const ended = endedBefore(table, request, key);
  if (ended !== undefined) {
    if (!direct) sequence.end(place, where, ended.kind === 'done' ? 'over' : 'superseded');
    return ended;
  }
  if (direct && sequence.diverted) {
    sequence.divert(place);
    return { kind: 'park' };
  }
  const waits = direct ? undefined : behindReplays(request, sequence);
  if (waits !== undefined) return waits;
  if (key?.kind === 'running') {
    if (key.jobId === request.jobId && key.run === request.run) {
      extend(table, request, key);
      return claimedAnswer(key, sequence.headAt(place));
    }
    const nowMs = table.nowMs();
    if (key.untilMs > nowMs) return { kind: 'running', untilMs: key.untilMs, nowMs };
  }
  return headAnswer(table, request, sequence, key?.kind === 'done' ? undefined : key);
};

/** What an ordered replay of the sequence says to a copy on the waiting topic; undefined when it is its turn. */
const behindReplays = (
  { place, origin, replaysOver }: OrderClaimRequest,
  sequence: Sequence,
): OrderClaimAnswer | undefined => {
  const turn = turnOfPlace(place);
  if (turn === undefined && replaysOver === true) sequence.loseEnd();
  const { replay } = sequence;
  if (turn === undefined) return sequence.replays ? { kind: 'behind' } : undefined;
  const isOfPlan = replay?.plan === turn.plan;
  const hasEnded = isOfPlan && turn.index <= replay.done;
  if (!isOfPlan || hasEnded || replay.state === 'ended') {
    sequence.forgetTurn(place);
    // Another copy of what has ended; or its replay ended before its turn, so it stays dead, and that is told.
    return { kind: 'superseded', origin: hasEnded ? origin : '' };
  }
  return replay.state === 'prepared' ? { kind: 'behind' } : undefined;
};

/** What a mark says: done under the idempotency key, or dead (or superseded by a replay) under the job. */
export const endedBefore = (
  table: StateTable,
  request: PlacedId,
  key: KeyRecord | undefined,
): Extract<OrderClaimAnswer, { kind: 'done' | 'superseded' }> | undefined => {
  if (key?.kind === 'done') {
    const { fence, origin, event } = key;
    return { kind: 'done', fence, origin, ...(event === undefined ? {} : { event }) };
  }
  if (key?.jobId === request.jobId && key.hop > request.hop) {
    return { kind: 'superseded', origin: key.origin };
  }
  const job = table.job(request);
  return job === undefined || job.hop < request.hop ? undefined : { kind: 'superseded', origin: job.origin };
};

const headAnswer = (
  table: StateTable,
  request: OrderClaimRequest,
  sequence: Sequence,
  key: Exclude<KeyRecord, { kind: 'done' }> | undefined,
): OrderClaimAnswer => {
  const head = sequence.headAt(request.place);
  const nowMs = table.nowMs();
  if (head !== undefined && head.dead === undefined && head.dueMs > nowMs) {
    return { kind: 'wait', dueMs: head.dueMs, nowMs, attempt: head.attempt };
  }
  const own = key?.jobId === request.jobId ? key.starts : 0;
  const starts = Math.max(request.starts, own, head?.starts ?? 0);
  const attempt = Math.max(request.attempt, head?.attempt ?? 0);
  const dead = deathOf(request, sequence, head, starts, attempt);
  const taken = give(table, request, { starts, attempt }, dead);
  if (dead === 'behind_dead_letter' && head === undefined) {
    const { fence } = taken;
    sequence.head = { place: request.place, attempt, starts, fence, dueMs: 0, dead };
  }
  return claimedAnswer(taken, head);
};

const deathOf = (
  request: OrderClaimRequest,
  sequence: Sequence,
  head: Head | undefined,
  starts: number,
  attempt: number,
): DeadReason | undefined => {
  if (head?.dead !== undefined) return head.dead;
  const isBehind = sequence.held > 0 && turnOfPlace(request.place) === undefined;
  return isBehind ? 'behind_dead_letter' : exhausted(request, starts, attempt);
};

const claimedAnswer = (
  { fence, attempt, starts, dead }: Running,
  head: Head | undefined,
): OrderClaimAnswer => {
  if (dead === undefined) return { kind: 'run', fence, attempt, starts };
  const note = head?.note === undefined ? {} : { note: head.note };
  return { kind: 'dead', reason: dead, fence, attempt, starts, ...note };
};
