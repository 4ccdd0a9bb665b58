import type {
  BeginReplayAnswer,
  CancelReplayAnswer,
  PrepareReplayAnswer,
  SequenceState,
} from '../ports/order-state.ts';
import type { ReplayTurn } from './replay-turn.ts';

/** What the driver has to do next; each is reported before the next is asked for. */
export type HeldReplayStep =
  /** Call `OrderState.inspect`; report by `inspected`. */
  | { readonly kind: 'inspect' }
  /** Call `OrderState.cancel`; report by `cancelled`. */
  | { readonly kind: 'cancel'; readonly plan: number }
  /** Call `OrderState.prepare`; report by `prepared`. */
  | { readonly kind: 'prepare'; readonly plan: number }
  /** Look for the dead letters of the sequence, of which the store has counted so many; report by `found`. */
  | { readonly kind: 'find'; readonly dead: number }
  /** Write the dead letter of this index to the waiting topic, until it is acknowledged; report by `written`. */
  | { readonly kind: 'write'; readonly turn: ReplayTurn }
  /** Call `OrderState.begin`; report by `begun`. */
  | { readonly kind: 'begin'; readonly plan: number; readonly dead: number; readonly count: number }
  /** Records of the sequence are on their way to their end: report by `waited` after a moment. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'over'; readonly outcome: HeldReplayOutcome };

/**
 * `begun`: the replays run, or have run (`ended`). `not_held`: nothing holds the sequence: what was its order is over.
 * `taken`: another's plan is open. `incomplete`: more have died than letters were found. `busy`: what arrived was still
 * dying when the driver gave up. `cancelled`: somebody has cancelled the plan, or lifted the hold.
 */
export type HeldReplayOutcome =
  | { readonly kind: 'begun'; readonly plan: number; readonly count: number }
  | { readonly kind: 'ended'; readonly plan: number; readonly count: number; readonly done: number }
  | { readonly kind: 'incomplete'; readonly dead: number; readonly found: number }
  | { readonly kind: 'not_held' | 'taken' | 'busy' | 'cancelled' };

/** Who replays, and how. */
export interface HeldReplaySettings {
  /** Whose plan it is: the same after a crash, and of no other replay. */
  readonly by: string;
  /** Gives a plan number that was not used before; from 1. */
  readonly freshPlan: () => number;
  /** Whether it may begin although letters are missing, such as discarded ones; a number: so many at most. */
  readonly mayMiss: boolean | number;
}

/**
 * The steps of one ordered replay of one held sequence: prepare, write all its dead letters in the order of their
 * places, begin. It does nothing itself. Begun anew after a crash at any step it comes to the same end: a plan that was
 * not begun is cancelled and written again under a fresh number, one that has begun is left alone.
 */
export class HeldReplay {
  readonly #settings: HeldReplaySettings;
  #step: HeldReplayStep = { kind: 'inspect' };
  #plan = 0;
  #dead = 0;
  #found = 0;
  #written = 0;
  /** Set when the plan shall not begin any more. */
  #giveUp: HeldReplayOutcome | undefined;

  constructor(settings: HeldReplaySettings) {
    this.#settings = settings;
  }

  get by(): string {
    return this.#settings.by;
  }

  get step(): HeldReplayStep {
    return this.#step;
  }

  inspected({ held, replay }: SequenceState): void {
    const isMine = replay?.by === this.#settings.by;
    if (replay !== undefined && isMine && replay.count > 0) this.#over(stateOf(replay));
    else if (replay !== undefined && isMine && replay.plan === this.#plan && replay.state === 'ended')
      this.#over({ kind: 'cancelled' });
    else if (held === undefined) this.#over({ kind: 'not_held' });
    else if (replay === undefined || replay.state === 'ended') this.#prepare();
    else if (isMine) this.#step = { kind: 'cancel', plan: replay.plan };
    else this.#over({ kind: 'taken' });
  }

  cancelled(answer: CancelReplayAnswer): void {
    if (this.#giveUp !== undefined && answer !== 'begun') this.#over(this.#giveUp);
    else if (answer === 'cancelled') this.#prepare();
    else this.#step = { kind: 'inspect' };
  }

  prepared(answer: PrepareReplayAnswer): void {
    if (answer.kind === 'prepared') this.#find(answer.dead);
    else if (answer.kind === 'not_held' || answer.kind === 'taken') this.#over({ kind: answer.kind });
    else this.#step = { kind: 'inspect' };
  }

  /** So many letters are there by now, those found before included and first. */
  found(count: number): void {
    this.#found = count;
    if (count < 1 || this.#dead - count > mostMissing(this.#settings.mayMiss))
      this.#leave({ kind: 'incomplete', dead: this.#dead, found: count });
    else this.#goOn();
  }

  written(): void {
    this.#written += 1;
    this.#goOn();
  }

  begun(answer: BeginReplayAnswer): void {
    switch (answer.kind) {
      case 'begun':
        this.#over({ kind: 'begun', plan: this.#plan, count: this.#found });
        break;
      case 'busy':
        this.#step = { kind: 'wait' };
        break;
      case 'stale':
        this.#find(answer.dead);
        break;
      case 'gone':
        this.#step = { kind: 'inspect' };
    }
  }

  waited(): void {
    this.#goOn();
  }

  /** The driver will not wait any longer: what is written is given up, and may be begun anew later. */
  stop(): void {
    if (this.#step.kind === 'wait') this.#leave({ kind: 'busy' });
  }

  #prepare(): void {
    this.#plan = this.#settings.freshPlan();
    this.#written = 0;
    this.#step = { kind: 'prepare', plan: this.#plan };
  }

  #find(dead: number): void {
    this.#dead = dead;
    this.#step = { kind: 'find', dead };
  }

  #goOn(): void {
    const plan = this.#plan;
    this.#step =
      this.#written < this.#found
        ? { kind: 'write', turn: { plan, index: this.#written + 1 } }
        : { kind: 'begin', plan, dead: this.#dead, count: this.#found };
  }

  #leave(outcome: HeldReplayOutcome): void {
    this.#giveUp = outcome;
    this.#step = { kind: 'cancel', plan: this.#plan };
  }

  #over(outcome: HeldReplayOutcome): void {
    this.#step = { kind: 'over', outcome };
  }
}

const mostMissing = (mayMiss: boolean | number): number =>
  typeof mayMiss === 'number' ? mayMiss : mayMiss ? Number.POSITIVE_INFINITY : 0;

const stateOf = (replay: NonNullable<SequenceState['replay']>): HeldReplayOutcome => {
  const { plan, count, done, state } = replay;
  return state === 'begun' ? { kind: 'begun', plan, count } : { kind: 'ended', plan, count, done };
};
