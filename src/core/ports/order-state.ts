import type { DeadReason } from '../outcome.ts';
import type { ClaimAnswer, ClaimId, CompleteAnswer, StateStore } from './state.ts';

/**
 * The state of ordered job types. Every call takes a batch, answers in the same order and is safe to repeat; two
 * adapters pass one contract suite (test/contract/state/ordering.ts). docs/adr/0008 says why the rules are these.
 *
 * Claims are the same records as those of unordered types: they are renewed and given back by `StateStore.renew` and
 * `release`, their done marks lose the event by `StateStore.told`, fences come from the same counter.
 */
export interface OrderState {
  /** Asks for the right to run a record at its turn. */
  claim(requests: readonly OrderClaimRequest[]): Promise<readonly OrderClaimAnswer[]>;
  /** Promises a record of the direct way to the waiting topic: before its copy is written. Its claim, if any, goes on. */
  park(requests: readonly ParkRequest[]): Promise<readonly ParkAnswer[]>;
  /**
   * Notes a failed attempt. Without `dead` the claim is given back and the next attempt is due after `delayMs`; with
   * `dead` the claim is kept, with a whole lease, for writing the dead letter under the same fence.
   * `lost`: the claim is another's, or the record has ended; ask again by `claim`.
   */
  fail(requests: readonly FailRequest[]): Promise<readonly ('failed' | 'lost')[]>;
  /** Sets done marks and moves the sequences on. Also `fenced` when the record has died meanwhile. */
  complete(requests: readonly OrderCompleteRequest[]): Promise<readonly CompleteAnswer[]>;
  /** Marks records as dead and moves the sequences on: only after dead letter and telemetry are acknowledged. */
  dead(requests: readonly DeadRequest[]): Promise<readonly CompleteAnswer[]>;
  /**
   * Says which copies stand on a waiting partition, and moves the witness: the offset below which every copy is
   * registered or has ended. `behind`: the witness was not where it had been left, so data are lost: register all that
   * is not settled, `after` 0. (The copies of one call are registered all the same; both happen as one write.)
   */
  register(requests: readonly RegisterRequest[]): Promise<readonly ('seen' | 'behind')[]>;
  /** What is known of sequences, for people. */
  inspect(ids: readonly SequenceId[]): Promise<readonly SequenceState[]>;
  /** Holds sequences, as a dead record under `afterDead: 'hold'` does: to bring back a hold that the store has lost. */
  hold(requests: readonly HoldRequest[]): Promise<void>;
  /** Lifts holds: what comes next runs. An open plan to replay ends with it, one that has begun after what runs now. */
  lift(requests: readonly LiftRequest[]): Promise<void>;
  /** Makes a head that waits for its next attempt die at its next claim instead. `gone`: it does not wait there. */
  condemn(requests: readonly CondemnRequest[]): Promise<readonly ('condemned' | 'gone')[]>;
  /**
   * Opens a plan to replay the dead records of a held sequence in order. Until `begin` its replays wait on the waiting
   * topic, and what arrives goes on dying behind the dead.
   */
  prepare(requests: readonly PrepareReplayRequest[]): Promise<readonly PrepareReplayAnswer[]>;
  /**
   * Lets the replays of a plan run, once all are written: from now on arrivals are parked behind them. A replay that
   * dies ends the plan: the rest, and what has arrived, stays or falls dead behind it. The last lifts the hold.
   */
  begin(requests: readonly BeginReplayRequest[]): Promise<readonly BeginReplayAnswer[]>;
  /** Ends a plan that has not begun: what was written of it is superseded. */
  cancel(requests: readonly CancelReplayRequest[]): Promise<readonly CancelReplayAnswer[]>;
}

/** A state store that serves ordered job types too. */
export interface OrderedStateStore extends StateStore {
  readonly order: OrderState;
}

/** One sequence: the records of one ordering key in one partition that the direct workers read. */
export interface SequenceId {
  readonly jobType: string;
  readonly tenant: string;
  /** `topic/partition` of the event topic or inbox, never of the waiting topic. */
  readonly partition: string;
  readonly orderKey: string;
}

/** One record of a sequence. */
export interface PlacedId extends ClaimId, SequenceId {
  readonly jobId: string;
  /** The `job-hop` header, 0 at first. */
  readonly hop: number;
  /**
   * The record's offset in `partition`: who it is in the sequence (never the job id, which may come twice). Of a
   * replayed one under a plan: `placeOfTurn` of its turn (src/core/order/replay-turn.ts).
   */
  readonly place: number;
  /** Which of its copies asks: the one in `partition`, or one on the waiting topic. */
  readonly where: 'direct' | 'waiting';
  /** Lifetime of what is kept of the sequence, ms; longer than a parked record may wait without being asked for. */
  readonly ttlMs: number;
}

/** What a direct worker knows of the waiting topic; ignored for copies on it. */
export interface Witnessed {
  /** The index of the waiting partition, which is that of `partition`. */
  readonly waitingPartition: number;
  /** The end of what was parked there from `partition`, as the committed metadata said at the assignment; 0: nothing. */
  readonly parkedEnd: number;
  /** The largest place of the sequence that this worker parked since the assignment. */
  readonly known?: number;
}

export interface OrderClaimRequest extends PlacedId, Witnessed {
  /** Where the job came from (`job-origin`), told to later duplicates. */
  readonly origin: string;
  /** The `job-attempt` header, from 1. */
  readonly attempt: number;
  /** The `job-starts` header, from 0. */
  readonly starts: number;
  readonly maxAttempts: number;
  readonly maxStarts: number;
  readonly leaseMs: number;
  /**
   * Waiting only: no ordered replay of the sequence stands before this copy any more. One that still counts as begun has
   * ended then, and the store has lost that.
   */
  readonly replaysOver?: boolean;
  /** Names the run: a fresh value for each claim. */
  readonly run: string;
}

/** Times are epoch ms of the store's clock. */
export type OrderClaimAnswer =
  | Exclude<ClaimAnswer, { kind: 'decided' | 'dead' }>
  /** The head failed before: its next attempt may not start yet. */
  | { readonly kind: 'wait'; readonly dueMs: number; readonly nowMs: number; readonly attempt: number }
  /** Write the dead letter under this fence. `note`: what the last failure left. */
  | {
      readonly kind: 'dead';
      readonly reason: DeadReason;
      readonly fence: number;
      readonly attempt: number;
      readonly starts: number;
      readonly note?: Buffer;
    }
  /** Direct only: promised to the waiting topic. Write the copy (again), then settle. */
  | { readonly kind: 'park' }
  /** Waiting only: an ordered replay goes first, or has not begun. Ask again; nothing is spent. */
  | { readonly kind: 'behind' }
  /** Direct only: the store has lost data and the waiting topic is being read again. Ask again; nothing is spent. */
  | { readonly kind: 'rebuilding' };

export interface ParkRequest extends PlacedId, Witnessed {
  /** It goes behind another of its sequence, and only if something of the sequence still waits. */
  readonly follows?: boolean;
}

/**
 * `ended`: the record is done or dead already; ask by `claim`. `direct`: nothing waits any more before this one, which
 * follows; ask by `claim` at its turn. `rebuilding`: as for claims.
 */
export type ParkAnswer = 'parked' | 'ended' | 'rebuilding' | 'direct';

export interface FailRequest extends PlacedId {
  readonly fence: number;
  /** The attempt that comes next. */
  readonly attempt: number;
  /** How long until it may start, ms. */
  readonly delayMs: number;
  /** The lease for writing the dead letter, ms. */
  readonly leaseMs: number;
  readonly dead?: DeadReason;
  /** What to say of the error when the record dies, also after a crash; keep it below a kilobyte. */
  readonly note?: Buffer;
}

export interface OrderCompleteRequest extends PlacedId {
  readonly fence: number;
  readonly origin: string;
  /** The encoded terminal telemetry event. */
  readonly event: Buffer;
  /** Lifetime of the done mark, ms. */
  readonly doneTtlMs: number;
}

/** Answered `completed`, `already`, `adopted` or `fenced`, each as for `complete`. */
export interface DeadRequest extends PlacedId {
  readonly fence: number;
  readonly origin: string;
  /** `afterDead: 'hold'`: what follows in the sequence dies behind this one. */
  readonly hold: boolean;
  /** Lifetime of the dead mark, ms. */
  readonly deadTtlMs: number;
}

/** A partition of the waiting topic of a job type. */
export interface WaitingPartition {
  readonly jobType: string;
  readonly waitingPartition: number;
}

export interface RegisterRequest extends WaitingPartition {
  /** The largest place of each sequence; all of this job type. */
  readonly copies: readonly RegisteredCopy[];
  /** Where this consumer left the witness last; 0 for any. */
  readonly after: number;
  /** Where it may stand now; it never moves back. */
  readonly upTo: number;
  /** Lifetime of what is kept of the sequences and of the witness, ms: begins anew. */
  readonly ttlMs: number;
}

export interface RegisteredCopy {
  readonly sequence: SequenceId;
  readonly place: number;
}

export interface HoldRequest extends SequenceId {
  /** How many records of the sequence have died since it is held, at least 1. */
  readonly dead: number;
  readonly ttlMs: number;
}

export interface LiftRequest extends SequenceId {
  readonly ttlMs: number;
}

export interface CondemnRequest extends SequenceId {
  readonly place: number;
  readonly reason: DeadReason;
  readonly ttlMs: number;
}

export interface PrepareReplayRequest extends SequenceId {
  /** A number that no other plan of the sequence has, 1 up to `MOST_PLANS`. */
  readonly plan: number;
  /** Whose plan it is, so that it is known again after a crash: at most 100 characters. */
  readonly by: string;
  readonly ttlMs: number;
}

/**
 * `prepared`: so many have died since the sequence is held. `begun` and `ended`: this plan is further already.
 * `taken`: another plan is open. `not_held`: nothing holds the sequence (any more).
 */
export type PrepareReplayAnswer =
  | { readonly kind: 'prepared'; readonly dead: number }
  | { readonly kind: 'begun' | 'ended' | 'taken' | 'not_held' };

export interface BeginReplayRequest extends SequenceId {
  readonly plan: number;
  /** How many dead ones the plan knows of, as `prepare` or `stale` said. */
  readonly dead: number;
  /** How many replays are written, at least 1. */
  readonly count: number;
  readonly ttlMs: number;
}

/**
 * `busy`: something of the sequence is parked or claimed: ask again soon. `stale`: so many have died by now: write the
 * rest, then ask again. `gone`: the plan is not there, or was cancelled.
 */
export type BeginReplayAnswer =
  | { readonly kind: 'stale'; readonly dead: number }
  | { readonly kind: 'begun' | 'busy' | 'gone' };

export interface CancelReplayRequest extends SequenceId {
  readonly plan: number;
  readonly ttlMs: number;
}

/** `begun`: too late, it runs to its end, or until the hold is lifted. `gone`: it is not there, or has ended. */
export type CancelReplayAnswer = 'cancelled' | 'begun' | 'gone';

/** What is known of the last plan to replay a sequence. */
export interface ReplayPlanState {
  readonly plan: number;
  readonly by: string;
  /** `ended`: with its last replay, with one that died, or by `cancel` (then `count` is 0). */
  readonly state: 'prepared' | 'begun' | 'ended';
  /** Replays that have completed. */
  readonly done: number;
  /** Replays in all; 0 before `begin`. */
  readonly count: number;
  /** The replay that failed last and waits for its next attempt, or to die. */
  readonly head?: WaitingHead;
}

/** What is kept of a sequence; all absent for one that never had trouble. */
export interface SequenceState {
  /** The largest place promised to the waiting topic. */
  readonly parked?: number;
  /** The largest place that ended on the waiting topic, or on the direct way while records were parked. */
  readonly passed?: number;
  /** Whether the next record of the direct way is parked. */
  readonly diverted: boolean;
  /** How many records have died since the sequence is held; absent when it is not. */
  readonly held?: number;
  readonly replay?: ReplayPlanState;
  /** The record that failed last and waits for its next attempt, or to die. */
  readonly head?: WaitingHead & { readonly place: number };
}

/** One that failed and waits for its next attempt, or to die. */
export interface WaitingHead {
  readonly attempt: number;
  readonly starts: number;
  readonly dueMs: number;
  readonly dead?: DeadReason;
}
