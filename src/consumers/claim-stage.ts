import type { Clock } from '../core/clock.ts';
import type { JobDefinition } from '../core/job.ts';
import type { OrderClaimAnswer } from '../core/ports/order-state.ts';
import type { ClaimAnswer } from '../core/ports/state.ts';
import { BatchStage } from './batch-stage.ts';
import type { Entry } from './entry.ts';

export interface ClaimStageParts<Request, Answer> {
  readonly job: JobDefinition<unknown>;
  readonly clock: Clock;
  /** What an entry asks for, with a fresh run. */
  readonly requestOf: (entry: Entry) => Request;
  /** Asks, and answers in the order of the requests. */
  readonly claimAll: (requests: readonly Request[]) => Promise<readonly Answer[]>;
  /** An answer; for `run` the entry has its run, and its lease counts from when it was asked for. */
  readonly onAnswer: (entry: Entry, answer: Answer) => void;
  readonly onError: (error: unknown) => void;
}

interface Asked<Request> {
  readonly entry: Entry;
  readonly request: Request;
}

/**
 * Asks for the right to run, for many entries at once: by the rules of unordered job types, or of ordered ones. Batches
 * may overtake each other: of a sequence one entry asks at a time, and the next only when that one has its done mark.
 */
export class ClaimStage<
  Request extends { readonly run: string },
  Answer extends ClaimAnswer | OrderClaimAnswer,
> {
  readonly #parts: ClaimStageParts<Request, Answer>;
  readonly #stage: BatchStage<Asked<Request>>;

  constructor(parts: ClaimStageParts<Request, Answer>) {
    this.#parts = parts;
    this.#stage = new BatchStage((batch) => this.#ask(batch), parts.onError, true);
  }

  ask(entry: Entry): void {
    this.#stage.add({ entry, request: this.#parts.requestOf(entry) });
  }

  /** A right to run that is older than half its lease when it arrives is asked for again: same run, whole lease. */
  async #ask(batch: readonly Asked<Request>[]): Promise<void> {
    const { clock, job, claimAll, onAnswer } = this.#parts;
    const askedMs = clock.nowMs();
    const answers = await claimAll(batch.map(({ request }) => request));
    const isOld = clock.nowMs() - askedMs > job.leaseMs / 2;
    if (answers.length !== batch.length)
      throw new RangeError(`asked ${batch.length}, answered ${answers.length}`);
    for (let index = 0; index < batch.length; index++) {
      const asked = batch[index];
      const answer = answers[index];
      if (asked === undefined || answer === undefined) continue;
      if (answer.kind === 'run') {
        if (isOld) {
          this.#stage.add(asked);
          continue;
        }
        const { fence, attempt, starts } = answer;
        asked.entry.run = { executionId: asked.request.run, fence, attempt, starts };
        asked.entry.leasedAtMs = askedMs;
      }
      onAnswer(asked.entry, answer);
    }
  }
}
