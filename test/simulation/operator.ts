import { HeldReplay, type HeldReplayOutcome, type HeldReplayStep } from '../../src/core/order/held-replay.ts';
import { placed } from './requests.ts';
import { SimProcess } from './sim-process.ts';
import { one, type Soon, when } from './store.ts';
import type { Arrived, World } from './world.ts';

const TTL_MS = 1e10;
/** Looks without a change before an operator lifts a hold that no replay can get at. */
const PATIENCE = 40;

/** After so many tries to begin an operator comes back later: after a loss a key may be busy until a record arrives. */
const MOST_WAITS = 30;

/** One sequence whose dead letters are to be replayed. */
interface Held {
  readonly record: Arrived;
  /** Whose plan it is; a crashed operator comes back for it. */
  by: string;
  looks: number;
  isOver: boolean;
}

/** Operators who replay what is dead of held keys, who die at any step, and come back. */
export class Operators {
  readonly #world: World;
  readonly #held = new Map<string, Held>();
  #replays = 0;
  #plans = 0;
  #processes = 1_000;
  #busy = false;

  constructor(world: World) {
    this.#world = world;
    this.#lookLater();
  }

  /** Whether nothing is left that could be replayed. */
  get areDone(): boolean {
    return !this.#busy && this.#wanted() === undefined;
  }

  #lookLater(): void {
    const { random } = this.#world.plan;
    this.#world.later(random.between(50, 3_000), () => {
      const held = this.#busy ? undefined : this.#wanted();
      return when(held === undefined ? undefined : this.#look(held), () => this.#lookLater());
    });
  }

  /** A sequence with dead letters whose events have not completed. */
  #wanted(): Held | undefined {
    for (const letter of this.#world.letters) {
      const name = `${letter.partition}/${letter.duty.key}`;
      const known = this.#held.get(name);
      const held = known ?? { record: letter, by: this.#fresh(), looks: 0, isOver: false };
      if (known === undefined) this.#held.set(name, held);
      if (!held.isOver && this.#lettersOf(held).length > 0) return held;
    }
    return undefined;
  }

  #fresh(): string {
    this.#replays += 1;
    return `replay ${this.#replays}`;
  }

  /** The last letters of events that are dead, in the order of their places. */
  #lettersOf({ record }: Held): readonly Arrived[] {
    const { letters, completed } = this.#world;
    const found = new Map<number, Arrived>();
    for (const letter of letters) {
      const isSame = letter.partition === record.partition && letter.duty.key === record.duty.key;
      const { replays = 0 } = found.get(letter.place) ?? letter;
      // A zombie may write an earlier one again.
      if (isSame && !completed.has(letter.duty.event) && (letter.replays ?? 0) >= replays)
        found.set(letter.place, letter);
    }
    return [...found.values()].sort((a, b) => a.place - b.place);
  }

  #look(held: Held): Soon<void> {
    const { store } = this.#world;
    return when(one(store.inspect, placed(held.record, 'waiting')), ({ replay }) => {
      held.looks += 1;
      if (held.looks > PATIENCE && this.#world.lost > 0) return this.#giveUp(held);
      if (replay?.state !== 'begun') this.#run(held);
    });
  }

  /** Its plan was lost at its end, and nothing arrives that would find out. */
  #giveUp(held: Held): Soon<void> {
    this.#world.replaysLost += 1;
    this.#world.note(() => `the hold of ${held.record.duty.key} is lifted`);
    held.isOver = true;
    return this.#world.store.lift([{ ...placed(held.record, 'waiting'), ttlMs: TTL_MS }]);
  }

  #run(held: Held): void {
    this.#busy = true;
    this.#processes += 1;
    const process = new SimProcess(this.#processes, this.#world, (one) => {
      if (!one.alive) this.#busy = false;
    });
    const replay = new HeldReplay({
      ...{ by: held.by, mayMiss: this.#world.lost > 0 },
      freshPlan: () => {
        this.#plans += 1;
        return this.#plans;
      },
    });
    new Session(process, held.record, replay, {
      letters: () => this.#lettersOf(held),
      over: (outcome) => {
        this.#world.note(() => `p${process.id} ${held.by}: ${JSON.stringify(outcome)}`);
        this.#busy = false;
        this.#over(held, outcome);
      },
    }).next();
  }

  #over(held: Held, outcome: HeldReplayOutcome): void {
    if (outcome.kind === 'begun') this.#world.replaysBegun += 1;
    // Without a loss the letter was there a moment before its hold.
    if (outcome.kind === 'not_held' && this.#world.lost > 0) {
      this.#world.replaysLost += 1;
      held.isOver = true;
    }
    if (outcome.kind !== 'ended') return;
    held.by = this.#fresh();
    held.looks = 0;
  }
}

interface SessionParts {
  readonly letters: () => readonly Arrived[];
  readonly over: (outcome: HeldReplayOutcome) => void;
}

/** One operator at work, until he is done or dies. */
class Session {
  readonly #process: SimProcess;
  readonly #record: Arrived;
  readonly #replay: HeldReplay;
  readonly #parts: SessionParts;
  #letters: readonly Arrived[] = [];
  #waits = 0;

  constructor(process: SimProcess, record: Arrived, replay: HeldReplay, parts: SessionParts) {
    this.#process = process;
    this.#record = record;
    this.#replay = replay;
    this.#parts = parts;
  }

  next(): void {
    const { step } = this.#replay;
    this.#process.world.note(() => `p${this.#process.id} ${JSON.stringify(step)}`);
    this.#do(step);
  }

  #do(step: HeldReplayStep): void {
    const replay = this.#replay;
    switch (step.kind) {
      case 'find':
        this.#later(() => {
          this.#letters = this.#parts.letters();
          replay.found(this.#letters.length);
        });
        break;
      case 'write':
        this.#write(step);
        break;
      case 'wait':
        this.#waits += 1;
        this.#later(() => (this.#waits > MOST_WAITS ? replay.stop() : replay.waited()));
        break;
      case 'over':
        this.#parts.over(step.outcome);
        break;
      default:
        this.#askStore(step);
    }
  }

  #askStore(step: Extract<HeldReplayStep, { kind: 'inspect' | 'cancel' | 'prepare' | 'begin' }>): void {
    const replay = this.#replay;
    const { store } = this.#process.world;
    const id = { ...placed(this.#record, 'waiting'), ttlMs: TTL_MS };
    switch (step.kind) {
      case 'inspect':
        this.#ask(
          () => one(store.inspect, id),
          (answer) => replay.inspected(answer),
        );
        break;
      case 'cancel':
        this.#ask(
          () => one(store.cancel, { ...id, plan: step.plan }),
          (answer) => replay.cancelled(answer),
        );
        break;
      case 'prepare':
        this.#ask(
          () => one(store.prepare, { ...id, plan: step.plan, by: replay.by }),
          (answer) => replay.prepared(answer),
        );
        break;
      case 'begin':
        this.#ask(
          () => one(store.begin, { ...id, ...step }),
          (answer) => replay.begun(answer),
        );
    }
  }

  #ask<T>(ask: () => Soon<T>, then: (answer: T) => void): void {
    this.#process.call(ask, (answer) => {
      then(answer);
      this.next();
    });
  }

  #later(what: () => void): void {
    this.#process.after(this.#process.world.plan.random.between(1, 60), () => {
      what();
      this.next();
    });
  }

  #write({ turn }: HeldReplayStep & { kind: 'write' }): void {
    const letter = this.#letters[turn.index - 1];
    if (letter === undefined) throw new Error('a letter was not found again');
    const { turn: _, replays = 0, ...record } = letter;
    this.#process.write({ ...record, turn, replays: replays + 1 }, () => {
      this.#replay.written();
      this.next();
    });
  }
}
