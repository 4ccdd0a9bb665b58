import type {
  BeginReplayAnswer,
  BeginReplayRequest,
  CancelReplayAnswer,
  CancelReplayRequest,
  PrepareReplayAnswer,
  PrepareReplayRequest,
} from '../../core/ports/order-state.ts';
import { Sequence } from './order-sequence.ts';
import type { StateTable } from './state-table.ts';

// The same rules as src/state/redis/replay-scripts.ts, in the same order; docs/adr/0008 says why they are these.

/** Opens a plan for a held sequence; what was opened before is told how far it is. */
export const prepare = (table: StateTable, request: PrepareReplayRequest): PrepareReplayAnswer => {
  const sequence = new Sequence(table, request);
  const { replay, held } = sequence;
  const { plan, by } = request;
  if (replay?.plan === plan && replay.state !== 'prepared') return { kind: replay.state };
  if (held === 0) return { kind: 'not_held' };
  if (replay !== undefined && replay.plan !== plan && replay.state !== 'ended') return { kind: 'taken' };
  sequence.replay = { plan, by, state: 'prepared', done: 0, count: 0 };
  sequence.save(table, request, request.ttlMs);
  return { kind: 'prepared', dead: held };
};

/** The replays run from now on, if all that died is among them and nothing else of the sequence is under way. */
export const begin = (table: StateTable, request: BeginReplayRequest): BeginReplayAnswer => {
  const sequence = new Sequence(table, request);
  const { replay, held, head } = sequence;
  const { plan, count, dead } = request;
  if (replay?.plan !== plan) return { kind: 'gone' };
  if (replay.state !== 'prepared') return { kind: replay.count > 0 ? 'begun' : 'gone' };
  if (sequence.hasParked || head !== undefined) return { kind: 'busy' };
  if (held !== dead) return { kind: 'stale', dead: held };
  sequence.replay = { ...replay, state: 'begun', count };
  sequence.save(table, request, request.ttlMs);
  return { kind: 'begun' };
};

/** Ends a plan that has not begun. */
export const cancel = (table: StateTable, request: CancelReplayRequest): CancelReplayAnswer => {
  const sequence = new Sequence(table, request);
  const { replay } = sequence;
  if (replay?.plan !== request.plan) return 'gone';
  // Also when it is asked again.
  if (replay.state === 'ended') return replay.count === 0 ? 'cancelled' : 'gone';
  if (replay.state === 'begun') return 'begun';
  sequence.endPlan();
  sequence.save(table, request, request.ttlMs);
  return 'cancelled';
};
