import type { DeadReason } from '../outcome.ts';

/**
 * The state port: claims, done marks and decisions. Two adapters (Redis and memory) pass one contract suite
 * (test/contract/state.ts). Every call takes a batch and answers in the same order; every script is safe to repeat.
 *
 * Keys of one job share a hash tag made of (job type, hash(tenant) mod buckets); callers give the parts, adapters
 * build the names.
 */
export interface StateStore {
  /** Asks for the right to run. */
  claim(requests: readonly ClaimRequest[]): Promise<readonly ClaimAnswer[]>;
  /** Extends leases; `gone` when the claim is not ours any more (the run must be aborted). */
  renew(requests: readonly RenewRequest[]): Promise<readonly ('renewed' | 'gone')[]>;
  /** Sets done marks, each with the encoded terminal telemetry event that must still be published. */
  complete(requests: readonly CompleteRequest[]): Promise<readonly CompleteAnswer[]>;
  /**
   * Drops the event from done marks once it is durable on the telemetry topic; at the latest when all marks that one
   * call of `complete` left are told.
   */
  told(requests: readonly ToldRequest[]): Promise<void>;
  /** Stores what shall become of a copy of a job before its successor is written, and gives the claim back. */
  decide(requests: readonly DecideRequest[]): Promise<readonly DecideAnswer[]>;
  /** Notes that the successor of a decision is durable: redeliveries of the copy are superseded, not written again. */
  settled(requests: readonly SettledRequest[]): Promise<void>;
  /** Gives claims back unused: the start is not counted. */
  release(requests: readonly RenewRequest[]): Promise<void>;
  /** What is known of claims, for people; changes nothing. */
  inspect(claims: readonly ClaimId[]): Promise<readonly ClaimState[]>;
  /**
   * The hop of the last copy of each job that was decided about; -1 where nothing is known of it. A copy that is to run
   * needs a higher one. Changes nothing.
   */
  lastHops(jobs: readonly JobRef[]): Promise<readonly number[]>;
  /** Rejects with ESTEIRA_STATE_UNSAFE when the server may evict keys, with ESTEIRA_SERVICE_UNREACHABLE when it is not there. */
  verify(): Promise<void>;
  close(): Promise<void>;
}

/** What a claim is about: one idempotency key of one tenant and job type. */
export interface ClaimId {
  readonly jobType: string;
  readonly tenant: string;
  readonly idempotencyKey: string;
}

/** One job of a tenant and job type. */
export type JobRef = Pick<ClaimId, 'jobType' | 'tenant'> & { readonly jobId: string };

export interface ClaimRequest extends ClaimId {
  readonly jobId: string;
  /** The number of moves to another topic this copy has behind it; the `job-hop` header, 0 at first. */
  readonly hop: number;
  /** Where this copy stands, `topic/partition/offset`. */
  readonly position: string;
  /** Where the job came from (`job-origin`, else the position): kept in J when this copy is adopted. */
  readonly origin: string;
  /** The `job-attempt` header: which attempt this copy is for, from 1. */
  readonly attempt: number;
  /** The `job-starts` header: starts counted before this copy, from 0. */
  readonly starts: number;
  readonly maxAttempts: number;
  readonly maxStarts: number;
  readonly leaseMs: number;
  /** Names the run, not the process: a fresh value for each claim, so that nobody takes another's lease for its own. */
  readonly run: string;
}

/** `decision` is the bytes given to `decide`. Times are epoch ms of the store's clock. */
export type ClaimAnswer =
  | { readonly kind: 'run'; readonly fence: number; readonly attempt: number; readonly starts: number }
  | { readonly kind: 'done'; readonly fence: number; readonly origin: string; readonly event?: Buffer }
  | { readonly kind: 'running'; readonly untilMs: number; readonly nowMs: number }
  | {
      readonly kind: 'dead';
      readonly reason: DeadReason;
      readonly fence: number;
      readonly attempt: number;
      readonly starts: number;
    }
  /** This very copy decided before: write its successor again, do not run. */
  | { readonly kind: 'decided'; readonly decision: Buffer }
  /** Another copy of this hop, or a later hop, has taken over; `origin` is where that one came from (J's; K's when K is done). */
  | { readonly kind: 'superseded'; readonly origin: string };

export interface RenewRequest extends ClaimId {
  readonly fence: number;
  readonly leaseMs: number;
}

/** A done mark whose event is durable. Its lifetime may count from now. */
export interface ToldRequest extends ClaimId {
  /** The mark's: another one is left alone. */
  readonly fence: number;
  /** The mark's. */
  readonly origin: string;
  readonly doneTtlMs: number;
}

export interface CompleteRequest extends ClaimId {
  readonly jobId: string;
  /** The hop of the copy that ran. */
  readonly hop: number;
  readonly fence: number;
  /** Where the job came from (`job-origin`), told to later duplicates. */
  readonly origin: string;
  /** The encoded terminal telemetry event. */
  readonly event: Buffer;
  /** Lifetime of the done mark, ms. */
  readonly doneTtlMs: number;
}

/**
 * `completed`: marked now. `already`: this fence had marked it before. `adopted`: the claim is not there any more (lost, or
 * given back) and nobody else has it; a lease that ended with its own fence is `completed`. `fenced`: another run has taken over or completed; this one leaves no mark.
 */
export type CompleteAnswer = 'completed' | 'already' | 'adopted' | 'fenced';

export interface DecideRequest extends ClaimId {
  readonly jobId: string;
  /** The hop of the copy that decides; the successor has `hop + 1`. */
  readonly hop: number;
  /** Where the deciding copy stands. */
  readonly position: string;
  /** Where the job came from: kept in J and told to superseded copies (J's own origin, not the asker's). */
  readonly origin: string;
  /** The fence of the claim, which is given back; absent where it stays, as what is decided about is a stand-in. */
  readonly fence?: number;
  readonly decision: Buffer;
  /** Lifetime of the decision, ms. */
  readonly ttlMs: number;
}

/**
 * `stored`: write the successor. `decided`: this copy had decided before: write that successor (again).
 * `superseded`: another copy or a later hop has decided, or its successor is already durable. `fenced`: the claim is another's.
 */
export type DecideAnswer =
  | { readonly kind: 'stored' }
  | { readonly kind: 'decided'; readonly decision: Buffer }
  | { readonly kind: 'superseded'; readonly origin: string }
  | { readonly kind: 'fenced' };

export interface SettledRequest extends ClaimId {
  readonly jobId: string;
  readonly hop: number;
  readonly position: string;
}

/**
 * What is known of an idempotency key. `unknown`: never claimed, given back, or forgotten. `running`: its lease ends, or
 * ended, at `untilMs`; a lease that is over belongs to a run that did not come back. Times are epoch ms of the store's clock.
 */
export type ClaimState =
  | { readonly kind: 'unknown'; readonly nowMs: number }
  | {
      readonly kind: 'running';
      readonly nowMs: number;
      readonly untilMs: number;
      readonly fence: number;
      readonly jobId: string;
      readonly attempt: number;
      /** Starts counted so far, this one included unless it is for writing a dead letter. */
      readonly starts: number;
      readonly origin: string;
      /** Set when the claim is for writing a dead letter. */
      readonly dead?: DeadReason;
    }
  | { readonly kind: 'done'; readonly nowMs: number; readonly fence: number; readonly origin: string };
