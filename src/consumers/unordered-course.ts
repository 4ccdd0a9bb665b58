import type { ClaimAnswer, ClaimRequest } from '../core/ports/state.ts';
import { claimRequestOf } from './claim-request.ts';
import { ClaimStage } from './claim-stage.ts';
import { CompletionStage, type CompletionStageParts, type Ending } from './completion-stage.ts';
import type { StartControl } from './control/start-control.ts';
import type { Course, CourseEvents } from './course.ts';
import type { DependencyGuard } from './dependency-guard.ts';
import type { Detacher } from './detach/detacher.ts';
import type { Entry } from './entry.ts';
import type { JobProcessor } from './job-processor.ts';
import type { RunFacts } from './job-telling.ts';
import type { LetterGuard } from './letter-guard/letter-guard.ts';
import { ASK_AGAIN_MS, again, type Step, stepOf } from './step.ts';

export interface UnorderedCourseParts
  extends Omit<CompletionStageParts, 'onSettled' | 'onFenced' | 'onError' | 'markAll'> {
  readonly processor: JobProcessor;
  readonly dependencies: DependencyGuard;
  readonly detacher: Detacher;
  readonly control: StartControl;
  readonly guard: LetterGuard;
}

/** What comes next of an entry whose offset is settled already, if anything, is its stand-in's to do. */
const unlessDetached = ({ detached }: Entry, step: Step): Step =>
  detached && step.kind === 'again' ? stepOf('settle') : step;

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
      onFenced: (entry) => events.stepping(entry, Promise.resolve(this.gone(entry))),
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
    void this.#parts.detacher.left(entry);
    if (ending.type === 'job.completed') {
      this.#parts.dependencies.up(entry);
      this.#parts.guard.lived(entry);
    }
    this.#completions.add(entry, run, ending);
  }

  async threw(entry: Entry, run: RunFacts, runMs: number, thrown: unknown): Promise<Step> {
    await this.#parts.detacher.left(entry);
    return unlessDetached(entry, await this.#parts.processor.failed(entry, { ...run, runMs }, thrown));
  }

  async release(entry: Entry, run: RunFacts): Promise<Step> {
    await this.#parts.detacher.left(entry);
    return unlessDetached(entry, await this.#parts.processor.release(entry, run));
  }

  gone(entry: Entry): Step {
    void this.#parts.detacher.left(entry);
    return unlessDetached(entry, again(ASK_AGAIN_MS));
  }

  full(entry: Entry): Promise<Step> {
    return this.#parts.processor.skippedAsFull(entry);
  }

  #answered(entry: Entry, answer: ClaimAnswer): void {
    if (answer.kind === 'run') this.#granted(entry);
    else this.#events.stepping(entry, this.#parts.processor.answered(entry, answer));
  }

  #granted(entry: Entry): void {
    const { control, job, detacher, processor } = this.#parts;
    const reason = control.endOf(job, entry);
    if (reason !== undefined && entry.run !== undefined) {
      this.#events.stepping(entry, processor.cancelled(entry, entry.run, reason));
      return;
    }
    const end = entry.run === undefined ? undefined : processor.doomed(entry, entry.run);
    if (end !== undefined) {
      this.#events.stepping(entry, end);
      return;
    }
    detacher.granted(entry);
    this.#events.granted(entry);
  }
}
