import type { ClaimAnswer, ClaimRequest } from '../core/ports/state.ts';
import { claimRequestOf } from './claim-request.ts';
import { ClaimStage } from './claim-stage.ts';
import { CompletionStage, type CompletionStageParts, type Ending } from './completion-stage.ts';
import type { Course, CourseEvents } from './course.ts';
import type { DependencyGuard } from './dependency-guard.ts';
import type { Entry } from './entry.ts';
import type { JobProcessor } from './job-processor.ts';
import type { RunFacts } from './job-telling.ts';
import { ASK_AGAIN_MS, again, type Step } from './step.ts';

export interface UnorderedCourseParts
  extends Omit<CompletionStageParts, 'onSettled' | 'onFenced' | 'onError' | 'markAll'> {
  readonly processor: JobProcessor;
  readonly dependencies: DependencyGuard;
}

/** Unordered job types: each record is claimed by itself, and what waits is set aside on tiers. */
export class UnorderedCourse implements Course {
  readonly #parts: UnorderedCourseParts;
  readonly #events: CourseEvents;
  readonly #claims: ClaimStage<ClaimRequest, ClaimAnswer>;
  readonly #completions: CompletionStage;

  constructor(parts: UnorderedCourseParts, events: CourseEvents) {
    const onError = (error: unknown): void => events.failed(error);
    this.#parts = parts;
    this.#events = events;
    this.#claims = new ClaimStage({
      ...parts,
      requestOf: (entry) => claimRequestOf(parts.job, entry),
      claimAll: (requests) => parts.state.claimAll(requests),
      onAnswer: (entry, answer) => this.#answered(entry, answer),
      onError,
    });
    this.#completions = new CompletionStage({
      ...parts,
      onSettled: (entry) => events.over(entry),
      onFenced: (entry) => events.stepping(entry, Promise.resolve(again(ASK_AGAIN_MS))),
      onError,
    });
  }

  unclaimed(entry: Entry): Promise<Step> | undefined {
    return this.#parts.processor.unclaimed(entry);
  }

  ask(entry: Entry): void {
    this.#claims.ask(entry);
  }

  ended(entry: Entry, run: RunFacts, ending: Ending): void {
    if (ending.type === 'job.completed') this.#parts.dependencies.up(entry);
    this.#completions.add(entry, run, ending);
  }

  threw(entry: Entry, run: RunFacts, runMs: number, thrown: unknown): Promise<Step> {
    return this.#parts.processor.failed(entry, { ...run, runMs }, thrown);
  }

  release(entry: Entry, run: RunFacts): Promise<Step> {
    return this.#parts.processor.release(entry, run);
  }

  gone(): Step {
    return again(ASK_AGAIN_MS);
  }

  full(entry: Entry): Promise<Step> {
    return this.#parts.processor.skippedAsFull(entry);
  }

  #answered(entry: Entry, answer: ClaimAnswer): void {
    if (answer.kind === 'run') this.#events.granted(entry);
    else this.#events.stepping(entry, this.#parts.processor.answered(entry, answer));
  }
}
