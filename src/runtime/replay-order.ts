import { randomInt } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { EsteiraError } from '../core/errors.ts';
import { HeldReplay, type HeldReplayOutcome, type HeldReplayStep } from '../core/order/held-replay.ts';
import { MOST_PLANS, MOST_TURNS, type ReplayTurn } from '../core/order/replay-turn.ts';
import type { OrderState, ReplayPlanState, SequenceId } from '../core/ports/order-state.ts';

/*
 * Replaying a held key in its order, for the guarded replay:
 *
 *   1. group the dead letters of a job type with `afterDead: 'hold'` by sequence: tenant and ordering key as its workers
 *      understand them (`delivery.tenant`, `delivery.order.orderKey`), partition and place by `placeOfLetter`
 *      (src/consumers/ordered/replay-copy.ts); sort each group by place; of each job only the
 *      letter with the largest `job-hop` (not the last in the log: a worker that woke late may write an earlier one again);
 *   2. `replayInOrder` for each group, which writes each letter through `write`: audit it, send `replayCopy(…, {place,
 *      turn})`, and resolve once that is acknowledged. A letter may be written again, with another turn, when the replay
 *      is taken up after a crash: the earlier copy is superseded, and told as `job.skipped`;
 *   3. `progressOf` until the plan has ended: `done` of `count` have completed. Where the store has lost its last writes a
 *      plan can be back at `prepared`: `replayInOrder` with the same `by` takes it up again. The plan of another replay
 *      that is stuck (`taken`) ends with the hold (`esteira keys unblock`).
 */

/** One held sequence and what is dead of it. */
export interface OrderedReplayRequest<Letter> {
  readonly id: SequenceId;
  /** Lifetime of what is kept of the sequence, ms: the job type's `doneTtlMs`. */
  readonly ttlMs: number;
  /** Names the replay, up to 100 characters: the same when it is taken up again, and of no other replay. */
  readonly by: string;
  /** Its dead letters, in the order of their places. */
  readonly letters: readonly Letter[];
  /** Looks for letters of the sequence that died behind these; the answer begins with them. Default: these are all. */
  readonly findMore?: (letters: readonly Letter[], dead: number) => Promise<readonly Letter[]>;
  /** Whether it may begin although fewer letters are there than have died; a number: so many fewer at most; default false. */
  readonly mayMiss?: boolean | number;
  /** Writes the copy of a letter, and resolves once it is acknowledged. */
  readonly write: (letter: Letter, turn: ReplayTurn) => Promise<void>;
}

export interface OrderedReplayParts {
  readonly order: OrderState;
  readonly clock: Clock;
  /** How long it waits for what is dying or parked, ms; default 30 s. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 100;
const LONGEST_NAME = 100;

/**
 * Replays the dead letters of one held sequence in order: prepares, writes them all, begins. It resolves when they may
 * run, not when they have; killed at any step and called again with the same `by`, it comes to the same end.
 *
 * @throws EsteiraError ESTEIRA_STATE_UNAVAILABLE, ESTEIRA_REPLAY_REFUSED (no name, or too many letters), and what
 *   `write` and `findMore` reject with
 */
export const replayInOrder = async <Letter>(
  parts: OrderedReplayParts,
  request: OrderedReplayRequest<Letter>,
): Promise<HeldReplayOutcome> => {
  const { by, letters, mayMiss = false } = request;
  const isNamed = by.length > 0 && by.length <= LONGEST_NAME;
  if (!isNamed || letters.length >= MOST_TURNS) {
    const detail = `an ordered replay has a name of 1 to ${LONGEST_NAME} characters and less than ${MOST_TURNS} letters`;
    throw new EsteiraError('ESTEIRA_REPLAY_REFUSED', detail);
  }
  const replay = new HeldReplay({ by, mayMiss, freshPlan: () => randomInt(1, MOST_PLANS) });
  const driver = new ReplayDriver(parts, request, replay);
  for (let step = replay.step; ; step = replay.step) {
    if (step.kind === 'over') return step.outcome;
    await driver.take(step);
  }
};

/** How far the replay of this name is; undefined when the store knows nothing of it (any more). */
export const progressOf = async (
  order: OrderState,
  id: SequenceId,
  by: string,
): Promise<ReplayPlanState | undefined> => {
  const [state] = await order.inspect([id]);
  return state?.replay?.by === by ? state.replay : undefined;
};

/** Does the steps of one replay. */
class ReplayDriver<Letter> {
  readonly #parts: OrderedReplayParts;
  readonly #request: OrderedReplayRequest<Letter>;
  readonly #replay: HeldReplay;
  readonly #untilMs: number;
  #letters: readonly Letter[];

  constructor(parts: OrderedReplayParts, request: OrderedReplayRequest<Letter>, replay: HeldReplay) {
    this.#parts = parts;
    this.#request = request;
    this.#replay = replay;
    this.#letters = request.letters;
    this.#untilMs = parts.clock.nowMs() + (parts.patienceMs ?? PATIENCE_MS);
  }

  async take(step: Exclude<HeldReplayStep, { kind: 'over' }>): Promise<void> {
    switch (step.kind) {
      case 'find':
        await this.#find(step.dead);
        break;
      case 'write':
        await this.#write(step.turn);
        break;
      case 'wait':
        await this.#wait();
        break;
      default:
        await this.#ask(step);
    }
  }

  async #ask(
    step: Extract<HeldReplayStep, { kind: 'inspect' | 'cancel' | 'prepare' | 'begin' }>,
  ): Promise<void> {
    const { order } = this.#parts;
    const { id, ttlMs, by } = this.#request;
    const replay = this.#replay;
    switch (step.kind) {
      case 'inspect':
        replay.inspected(only(await order.inspect([id])));
        break;
      case 'cancel':
        replay.cancelled(only(await order.cancel([{ ...id, ttlMs, plan: step.plan }])));
        break;
      case 'prepare':
        replay.prepared(only(await order.prepare([{ ...id, ttlMs, by, plan: step.plan }])));
        break;
      case 'begin': {
        const { plan, dead, count } = step;
        replay.begun(only(await order.begin([{ ...id, ttlMs, plan, dead, count }])));
      }
    }
  }

  async #find(dead: number): Promise<void> {
    const { findMore } = this.#request;
    // Also when there are enough: some may be of an earlier hold, which was lifted.
    if (findMore !== undefined) this.#letters = await findMore(this.#letters, dead);
    this.#replay.found(this.#letters.length);
  }

  async #write(turn: ReplayTurn): Promise<void> {
    const letter = this.#letters[turn.index - 1];
    if (letter === undefined) throw new RangeError(`${turn.index} of ${this.#letters.length} letters`);
    await this.#request.write(letter, turn);
    this.#replay.written();
  }

  async #wait(): Promise<void> {
    const { clock } = this.#parts;
    if (clock.nowMs() >= this.#untilMs) {
      this.#replay.stop();
      return;
    }
    await new Promise<void>((resolve) => {
      clock.after(LOOK_EVERY_MS, resolve);
    });
    this.#replay.waited();
  }
}

/** The answer to the one request of a call. */
const only = <Answer>([answer]: readonly Answer[]): Answer => {
  if (answer === undefined) throw new RangeError('asked one, answered none');
  return answer;
};
