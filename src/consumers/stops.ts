import type { JobDefinition } from '../core/job.ts';
import type { StoppedStarts } from '../core/process-report.ts';
import type { EngineParts } from './engine-parts.ts';
import type { QueueLimits } from './limits/queue-limits.ts';
import type { StateClient } from './state-client.ts';
import type { Suspensions } from './suspensions.ts';
import type { SuspensionFacts } from './worker-facts.ts';

export interface StopsParts extends Pick<EngineParts, 'clock' | 'control'> {
  readonly limits: Pick<QueueLimits, 'outagesOf'>;
  readonly job: JobDefinition<unknown>;
  readonly suspensions: Suspensions;
  readonly state: Pick<StateClient, 'down'>;
}

const TOO_LARGE = 'ESTEIRA_RECORD_TOO_LARGE';
const STATE = 'ESTEIRA_STATE_UNAVAILABLE';
/** How the words for limits that cannot be asked begin. */
const LIMITS = 'limits out of reach: ';

/** What keeps a worker from starting jobs, each since when. */
export class Stops {
  readonly #parts: StopsParts;
  /** Epoch ms, by what it is. */
  readonly #since = new Map<string, number>();
  /** Positions of records whose successors do not fit on their topics. */
  readonly #tooLarge = new Set<string>();

  constructor(parts: StopsParts) {
    this.#parts = parts;
  }

  /** Something is wrong, or is not any more. */
  note(what: string, isWrong: boolean): void {
    if (!isWrong) this.#since.delete(what);
    else if (!this.#since.has(what)) this.#since.set(what, this.#parts.clock.nowMs());
  }

  /** The successor of the record at a position is too large, or fits by now. */
  noteTooLarge(position: string, isTooLarge: boolean): void {
    if (isTooLarge) this.#tooLarge.add(position);
    else this.#tooLarge.delete(position);
    this.note(TOO_LARGE, this.#tooLarge.size > 0);
  }

  /** Why it does not go on; empty when all is well. */
  list(): readonly string[] {
    this.#look();
    const { suspensions } = this.#parts;
    return [...this.#since.keys(), ...suspensions.list().map(({ dependency }) => `dependency ${dependency}`)];
  }

  /** What is stopped since when, what dead-letter guards have suspended included. */
  facts(): readonly SuspensionFacts[] {
    this.#look();
    const { suspensions, control, job } = this.#parts;
    const scopeOf = (isTenant: boolean): SuspensionFacts['scope'] => (isTenant ? 'tenant' : 'type');
    return [
      ...[...this.#since.values()].map((sinceMs) => ({ scope: scopeOf(false), sinceMs })),
      ...suspensions.list().map(({ tenant, sinceMs }) => ({ scope: scopeOf(tenant !== undefined), sinceMs })),
      ...control.controls
        .guarded(job.type)
        .map(({ target, atMs }) => ({ scope: scopeOf(target.what === 'tenant'), sinceMs: atMs })),
    ];
  }

  /** What is stopped why and since when, by this process itself: what stands on the control topic is not in it. */
  causes(): readonly StoppedStarts[] {
    this.#look();
    const problems = [...this.#since].map(([what, sinceMs]) => ({ kind: 'problem' as const, what, sinceMs }));
    const down = this.#parts.suspensions.list().map(({ tenant, dependency, sinceMs, untilMs }) => ({
      ...{ kind: 'dependency' as const, what: dependency, sinceMs, nextTryMs: untilMs },
      ...(tenant === undefined ? {} : { tenant }),
    }));
    return [...problems, ...down];
  }

  /** Whether an operator has paused the job type, or its queue. */
  get isPaused(): boolean {
    const { control, job } = this.#parts;
    const pause = control.controls.pauseOfType(job);
    return pause !== undefined && pause.guard === undefined;
  }

  /** The store and the limits are asked: since when they are out of reach is known as well as one looks. */
  #look(): void {
    const { state, limits, job } = this.#parts;
    this.note(STATE, state.down);
    const outages = limits.outagesOf(job);
    for (const what of this.#since.keys())
      if (what.startsWith(LIMITS) && !outages.includes(what)) this.#since.delete(what);
    for (const what of outages) this.note(what, true);
  }
}
