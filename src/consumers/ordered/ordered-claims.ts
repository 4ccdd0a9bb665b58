import type { Clock } from '../../core/clock.ts';
import { randomId } from '../../core/ids.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { OrderClaimAnswer, OrderClaimRequest } from '../../core/ports/order-state.ts';
import { BatchStage } from '../batch-stage.ts';
import type { Entry } from '../entry.ts';
import { driverOf } from './lane-driver.ts';
import type { OrderClient } from './order-client.ts';
import { placedId, placeOf } from './placed.ts';

export interface OrderedClaimsParts {
  readonly job: JobDefinition<unknown>;
  readonly order: OrderClient;
  readonly clock: Clock;
  /** An answer; for `run` the entry has its run, and its lease counts from when it was asked for. */
  readonly onAnswer: (entry: Entry, answer: OrderClaimAnswer) => void;
  readonly onError: (error: unknown) => void;
}

interface Asked {
  readonly entry: Entry;
  readonly request: OrderClaimRequest;
}

/** Asks for the turn of ordered records, for many at once. */
export class OrderedClaims {
  readonly #parts: OrderedClaimsParts;
  readonly #stage: BatchStage<Asked>;

  constructor(parts: OrderedClaimsParts) {
    this.#parts = parts;
    this.#stage = new BatchStage((batch) => this.#ask(batch), parts.onError);
  }

  ask(entry: Entry): void {
    this.#stage.add({ entry, request: this.#requestOf(entry) });
  }

  /** A right to run that is older than half its lease when it arrives is asked for again: same run, whole lease. */
  async #ask(batch: readonly Asked[]): Promise<void> {
    const { order, clock, job, onAnswer } = this.#parts;
    const askedMs = clock.nowMs();
    const answers = await order.claimAll(batch.map(({ request }) => request));
    const isOld = clock.nowMs() - askedMs > job.leaseMs / 2;
    for (const [index, asked] of batch.entries()) {
      const answer = answers[index];
      if (answer === undefined) throw new RangeError(`asked ${batch.length}, answered ${answers.length}`);
      if (answer.kind === 'run' && isOld) {
        this.#stage.add(asked);
        continue;
      }
      if (answer.kind === 'run') {
        const { fence, attempt, starts } = answer;
        asked.entry.run = { executionId: asked.request.run, fence, attempt, starts };
        asked.entry.leasedAtMs = askedMs;
      }
      onAnswer(asked.entry, answer);
    }
  }

  #requestOf(entry: Entry): OrderClaimRequest {
    const { job } = this.#parts;
    const { delivery } = entry;
    const driver = driverOf(entry);
    const known = driver.knownOf(entry);
    const request = {
      ...placedId(job, entry),
      waitingPartition: placeOf(entry).waitingPartition,
      parkedEnd: driver.parkedEnd,
      origin: delivery.origin,
      attempt: delivery.job.attempt,
      starts: delivery.job.starts,
      maxAttempts: job.retry.attempts,
      maxStarts: job.maxStarts,
      leaseMs: job.leaseMs,
      run: randomId(),
    };
    return known === undefined ? request : { ...request, known };
  }
}
