import type { JobEvent } from '../core/generated/job-event.ts';
import type { SkipReason } from '../core/outcome.ts';
import type { CompleteAnswer, CompleteRequest, ToldRequest } from '../core/ports/state.ts';
import type { TelemetryRecord } from '../core/ports/telemetry.ts';
import { BatchStage } from './batch-stage.ts';
import type { Entry } from './entry.ts';
import type { RunFacts } from './job-telling.ts';
import { packEvent } from './packed-event.ts';
import type { SettlementParts } from './settlement.ts';
import { tellRecord } from './tell-record.ts';

export interface CompletionStageParts extends SettlementParts {
  /** Leaves the done marks; default those of unordered types. */
  readonly markAll?: (items: readonly Marked[]) => Promise<readonly CompleteAnswer[]>;
  /** The entry has its done mark; what is told of it is still on its way. */
  readonly onMarked?: (entry: Entry) => void;
  /** The entry is over and may be settled. */
  readonly onSettled: (entry: Entry) => void;
  /** Another run has taken over: ask again who has the claim. */
  readonly onFenced: (entry: Entry) => void;
  readonly onError: (error: unknown) => void;
}

/** How a job ended without having failed. */
export type Ending =
  | { readonly type: 'job.completed'; readonly runMs: number }
  | {
      readonly type: 'job.skipped';
      readonly reason: Extract<SkipReason, 'precondition' | 'stale_version' | 'queue_full'>;
    };

/** An entry and the mark it shall leave. */
export interface Marked {
  readonly entry: Entry;
  readonly request: CompleteRequest;
}

interface Completed extends Marked {
  readonly event: JobEvent;
  readonly record: TelemetryRecord;
}

/**
 * Settles what handlers have done, many at once and never in another order: done mark (with the encoded terminal
 * event), followers and telemetry acknowledged, event dropped from the mark, settled.
 */
export class CompletionStage {
  readonly #parts: CompletionStageParts;
  readonly #marks: BatchStage<Completed>;
  readonly #drops: BatchStage<Entry>;
  readonly #told = (entry: Entry): void => this.#drops.add(entry);

  constructor(parts: CompletionStageParts) {
    this.#parts = parts;
    this.#marks = new BatchStage((batch) => this.#mark(batch), parts.onError, true);
    this.#drops = new BatchStage((batch) => this.#drop(batch), parts.onError);
  }

  /** A job is over: its handler returned, or was not called because the job makes no sense any more. */
  add(entry: Entry, run: RunFacts, ending: Ending): void {
    const { telemetry, teller, clock, job } = this.#parts;
    const { delivery } = entry;
    const facts = ending.type === 'job.completed' ? { runMs: ending.runMs } : { reason: ending.reason };
    const event = teller.ofRun(delivery, ending.type, run, clock.nowMs(), facts);
    const record = telemetry.encode(event);
    const { claim } = delivery;
    const request: CompleteRequest = {
      jobType: claim.jobType,
      tenant: claim.tenant,
      idempotencyKey: claim.idempotencyKey,
      jobId: delivery.job.id,
      hop: delivery.job.hop,
      fence: run.fence,
      origin: delivery.origin,
      event: packEvent(record),
      doneTtlMs: job.doneTtlMs,
    };
    this.#marks.add({ entry, event, record, request });
  }

  async #mark(batch: readonly Completed[]): Promise<void> {
    const { state, telemetry, followers, onMarked, onFenced, markAll } = this.#parts;
    const answers = await (markAll === undefined
      ? state.completeAll(batch.map(({ request }) => request))
      : markAll(batch));
    for (let index = 0; index < batch.length; index++) {
      const done = batch[index];
      if (done === undefined) continue;
      if (answers[index] === 'fenced') {
        onFenced(done.entry);
        continue;
      }
      telemetry.observe(done.event);
      tellRecord(this.#parts, done.entry, done.record);
      followers.ended(done.entry, done.event);
      onMarked?.(done.entry);
      done.entry.whenTold(this.#told);
    }
  }

  async #drop(batch: readonly Entry[]): Promise<void> {
    await this.#parts.state.toldAll(batch.map((entry) => this.#toldOf(entry)));
    for (const entry of batch) this.#parts.onSettled(entry);
  }

  #toldOf({ delivery: { claim, origin }, run }: Entry): ToldRequest {
    return {
      jobType: claim.jobType,
      tenant: claim.tenant,
      idempotencyKey: claim.idempotencyKey,
      fence: run?.fence ?? 0,
      origin,
      doneTtlMs: this.#parts.job.doneTtlMs,
    };
  }
}
