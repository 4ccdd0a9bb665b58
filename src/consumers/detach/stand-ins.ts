import type { JobDefinition } from '../../core/job.ts';
import type { ClaimId, ClaimState, StateStore } from '../../core/ports/state.ts';
import { type InsistParts, insist } from '../backoff.ts';
import type { Decider } from '../decide.ts';
import type { Delivery } from '../delivery.ts';
import type { Entry } from '../entry.ts';
import { MicroBatch } from '../micro-batch.ts';
import type { Settlement } from '../settlement.ts';

export interface StandInsParts extends InsistParts {
  readonly job: JobDefinition<unknown>;
  readonly state: Pick<StateStore, 'inspect'>;
  readonly decider: Decider;
  readonly settlement: Pick<Settlement, 'publish'>;
  /** Nobody runs the job: the stand-in is a record like any other. */
  readonly onFree: (entry: Entry) => void;
  /** The stand-in waits on a tier again: its offset may be settled. */
  readonly onSettled: (entry: Entry) => void;
  readonly onError: (error: unknown) => void;
}

const isRunning = (claim: ClaimState, jobId: string): boolean =>
  claim.kind === 'running' && claim.jobId === jobId && claim.untilMs > claim.nowMs;

/**
 * Takes in the stand-ins of jobs that run long. While such a job lives its stand-in goes back to a tier, untold and at
 * the same hop: it has no part in limits, locks and ages, since all of these are the running job's own business.
 */
export class StandIns {
  readonly #parts: StandInsParts;
  /** After a suspension many come at once. */
  readonly #claims: MicroBatch<ClaimId, ClaimState>;

  constructor(parts: StandInsParts) {
    this.#parts = parts;
    this.#claims = new MicroBatch((ids) =>
      insist(parts, 'state store: inspect', () => parts.state.inspect(ids)),
    );
  }

  /** Whether a record may stand in for another; a first copy that was only moved elsewhere does not. */
  concerns({ job, deadOnArrival }: Delivery): boolean {
    return job.place !== undefined && job.hop > 0 && !this.#parts.job.ordered && deadOnArrival === undefined;
  }

  take(entry: Entry): void {
    this.#take(entry).catch(this.#parts.onError);
  }

  async #take(entry: Entry): Promise<void> {
    const { onFree, onSettled } = this.#parts;
    const { claim: id, job } = entry.delivery;
    const claim = await this.#claims.ask(id);
    if (claim.kind !== 'running' || !isRunning(claim, job.id)) return onFree(entry);
    await this.#putBack(entry, claim.untilMs - claim.nowMs);
    onSettled(entry);
  }

  /** Not decided and not told: it is the same stand-in, somewhat later. */
  async #putBack(entry: Entry, leaseLeftMs: number): Promise<void> {
    const { clock, job, decider, settlement } = this.#parts;
    const atMs = clock.nowMs();
    const dueMs = atMs + leaseLeftMs + job.detachAfterMs;
    const copy = decider.forwarded(entry.delivery, 'running_elsewhere', atMs, dueMs);
    await settlement.publish(entry, { ...copy, events: [] });
  }
}
