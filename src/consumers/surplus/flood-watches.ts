import type { Clock } from '../../core/clock.ts';
import type { Entry } from '../entry.ts';
import type { HomeWatch, PartitionHome } from '../partition-home.ts';
import { FloodWatch } from './flood-watch.ts';
import { Pace } from './pace.ts';
import type { PacedMoves } from './paced-moves.ts';

export interface FloodWatchesParts {
  readonly clock: Clock;
  /** Records of a full window. */
  readonly windowRecords: number;
  /** The topic of what was moved aside. */
  readonly surplus: string;
  /** Topics in which nothing is moved aside. */
  readonly exempt: ReadonlySet<string>;
  /** Entries that are moved aside are held, with their sequence, until they are written. */
  readonly ordered: boolean;
  /** Whether the job type, or its queue, is paused. */
  readonly isPaused: () => boolean;
  /** As of {@link FloodWatch}. */
  readonly isHeldBack: (tenant: string) => boolean;
  /** As of {@link FloodWatch}. */
  readonly isBusy: () => boolean;
  /** As of {@link FloodWatch}, for a newly owned partition. */
  readonly othersIn: (home: PartitionHome) => (than: ReadonlySet<string>) => boolean;
  /** Handlers that run now. */
  readonly running: () => number;
  /** As of {@link FloodWatch}. */
  readonly takeAside: (entries: readonly Entry[]) => readonly Entry[];
  /** Where what is too much goes. */
  readonly moves: Pick<PacedMoves, 'add' | 'room'>;
}

/** Handlers that take less on average keep the process busy, not waiting, ms. */
const QUICK_MS = 2;
const LEAST_MEASURED_MS = 250;
/** On average. */
const LEAST_RUNNING = 0.1;
/** How much of the mean a new sample is. */
const SAMPLE_PART = 0.2;

/** The flood watches of one job type. */
export class FloodWatches {
  readonly #parts: FloodWatchesParts;
  readonly #watches = new Map<PartitionHome, FloodWatch>();
  readonly #pace = new Pace();
  /** What was moved aside is worked off with what is left while more of it is moved. */
  readonly #yielding: HomeWatch;
  #running = 0;

  constructor(parts: FloodWatchesParts) {
    this.#parts = parts;
    const isHurried = (): boolean => [...this.#watches.values()].some(({ hurries }) => hurries);
    this.#yielding = {
      hurries: false,
      close: () => undefined,
      get yields() {
        return isHurried();
      },
    };
  }

  /** The watch of a newly owned partition; undefined where none is needed. */
  make(home: PartitionHome): HomeWatch | undefined {
    const { exempt, clock, windowRecords, takeAside, surplus, isPaused, isHeldBack, isBusy } = this.#parts;
    for (const known of this.#watches.keys()) if (!known.alive) this.#watches.delete(known);
    if (home.at.topic === surplus) return this.#yielding;
    if (exempt.has(home.at.topic)) return undefined;
    const handlersWait = (nowMs: number): boolean => this.#handlersWait(nowMs);
    const watch = new FloodWatch({
      ...{ home, clock, windowRecords, takeAside, handlersWait, isPaused, isHeldBack, isBusy },
      hasOthers: this.#parts.othersIn(home),
    });
    this.#watches.set(home, watch);
    return watch;
  }

  /** Takes note of an entry that was just understood; answers whether it is too much of its tenant. */
  isSurplus(entry: Entry): boolean {
    const watch = this.#watches.get(entry.home);
    if (watch === undefined) return false;
    const isSurplus = watch.isSurplus(entry);
    if (!isSurplus || this.#parts.ordered) watch.stays(entry);
    return isSurplus;
  }

  /** Moves an entry aside that was too much when it was understood. */
  move(entry: Entry): void {
    this.#parts.moves.add(entry);
  }

  /** Resolves when more may be moved; undefined when it may be now. */
  get room(): Promise<void> | undefined {
    return this.#parts.moves.room;
  }

  /** An entry has run, or come to another end. */
  over({ home }: Entry): void {
    this.#pace.happened();
    this.#watches.get(home)?.over();
  }

  /** An entry is not held in its partition any more. */
  left(entry: Entry): void {
    this.#watches.get(entry.home)?.left(entry);
  }

  /** By what runs and what is done in a time: how long a handler takes. */
  #handlersWait(nowMs: number): boolean {
    this.#running += (this.#parts.running() - this.#running) * SAMPLE_PART;
    const perMs = this.#pace.look(nowMs, LEAST_MEASURED_MS);
    // Where hardly any runs, all of the type wait for something: a dependency that is down, say.
    return perMs !== undefined && this.#running >= Math.max(LEAST_RUNNING, perMs * QUICK_MS);
  }
}
