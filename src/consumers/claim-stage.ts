import type { Clock } from '../core/clock.ts';
import { randomId } from '../core/ids.ts';
import type { JobDefinition } from '../core/job.ts';
import type { ClaimAnswer, ClaimRequest } from '../core/ports/state.ts';
import { BatchStage } from './batch-stage.ts';
import type { Entry } from './entry.ts';
import type { StateClient } from './state-client.ts';

export interface ClaimStageParts {
  readonly job: JobDefinition<unknown>;
  readonly state: StateClient;
  readonly clock: Clock;
  /** An answer; for `run` the entry has its run, and its lease counts from when it was asked for. */
  readonly onAnswer: (entry: Entry, answer: ClaimAnswer) => void;
  readonly onError: (error: unknown) => void;
}

interface Asked {
  readonly entry: Entry;
  readonly request: ClaimRequest;
}

/** Asks for the right to run, for many entries at once. */
export class ClaimStage {
  readonly #parts: ClaimStageParts;
  readonly #stage: BatchStage<Asked>;

  constructor(parts: ClaimStageParts) {
    this.#parts = parts;
    this.#stage = new BatchStage((batch) => this.#ask(batch), parts.onError);
  }

  ask(entry: Entry): void {
    this.#stage.add({ entry, request: this.#requestOf(entry) });
  }

  /** A right to run that is older than half its lease when it arrives is asked for again: same run, whole lease. */
  async #ask(batch: readonly Asked[]): Promise<void> {
    const { state, clock, job, onAnswer } = this.#parts;
    const askedMs = clock.nowMs();
    const answers = await state.claimAll(batch.map(({ request }) => request));
    const isOld = clock.nowMs() - askedMs > job.leaseMs / 2;
    for (const [index, asked] of batch.entries()) {
      const answer = answers[index];
      if (answer === undefined) throw new RangeError(`asked ${batch.length}, answered ${answers.length}`);
      if (answer.kind === 'run' && isOld) {
        this.#stage.add(asked);
        continue;
      }
      if (answer.kind === 'run') grant(asked, answer, askedMs);
      onAnswer(asked.entry, answer);
    }
  }

  #requestOf({ delivery }: Entry): ClaimRequest {
    const { job } = this.#parts;
    const { claim, origin } = delivery;
    const { id, hop, attempt, starts } = delivery.job;
    return {
      jobType: claim.jobType,
      tenant: claim.tenant,
      idempotencyKey: claim.idempotencyKey,
      jobId: id,
      hop,
      position: delivery.position,
      origin,
      attempt,
      starts,
      maxAttempts: job.retry.attempts,
      maxStarts: job.maxStarts,
      leaseMs: job.leaseMs,
      run: randomId(),
    };
  }
}

const grant = (
  { entry, request }: Asked,
  { fence, attempt, starts }: ClaimAnswer & { kind: 'run' },
  askedMs: number,
): void => {
  entry.run = { executionId: request.run, fence, attempt, starts };
  entry.leasedAtMs = askedMs;
};
