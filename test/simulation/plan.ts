import type { DirectSettings } from '../../src/core/order/direct-lanes.ts';
import type { WaitingSettings } from '../../src/core/order/waiting-line.ts';
import { type Random, randomOf } from './random.ts';

/** What a record's handler does. */
export interface Duty {
  /** The event; records of one event are repetitions of it. */
  readonly event: string;
  readonly key: string;
  /** How many attempts fail. */
  readonly fails: number;
  /** How many runs kill their process. */
  readonly kills: number;
  readonly runMs: number;
}

/** A record to be produced. */
export interface Arrival {
  readonly atMs: number;
  readonly partition: number;
  readonly duty: Duty;
}

/** A rule of the order machine; switched off, histories must find it missing. */
export type Rule =
  | ('fifo' | 'head-first' | 'skip-passes' | 'known' | 'witness' | 'register' | 'place')
  // Of ordered replays: begun only when nothing else is under way, and all dead are among them; lost ends are found.
  | ('idle' | 'fresh' | 'replays-over');

/** One history before it is played. */
export interface Plan {
  readonly seed: number;
  readonly random: Random;
  readonly partitions: number;
  readonly processes: number;
  readonly arrivals: readonly Arrival[];
  readonly keys: readonly string[];
  readonly direct: DirectSettings;
  readonly waiting: WaitingSettings;
  readonly window: number;
  readonly maxAttempts: number;
  readonly maxStarts: number;
  readonly backoffMs: number;
  readonly leaseMs: number;
  /** How long an acknowledgement of a write takes at most. */
  readonly ackMs: number;
  readonly sessionMs: number;
  readonly hold: boolean;
  readonly crashes: number;
  readonly freezes: number;
  readonly repeats: number;
  readonly rebalanceEveryMs: number;
  /** How late a timer may be, as on a busy machine; copies and answers that come before it find its key due. */
  readonly timersLateMs: readonly [number, ...number[]];
  /** Whether operators replay what is dead of held keys. */
  readonly replays: boolean;
  /** When the store loses data, and how much: the writes of so many ms; undefined for all. */
  readonly losses: readonly { readonly atMs: number; readonly lastMs: number | undefined }[];
  readonly without: ReadonlySet<Rule>;
}

export interface PlanOptions {
  readonly losses: boolean;
  readonly faults?: boolean;
  /** Timers come up to 400 ms late; the histories without are the same as before there was this option. */
  readonly lateTimers?: boolean;
  /** All keys are held by their dead, which operators replay; the histories without are the same as before. */
  readonly replays?: boolean;
  readonly without?: readonly Rule[];
}

/** Draws a history. */
export const planOf = (seed: number, options: PlanOptions): Plan => {
  const random = randomOf(seed);
  const partitions = random.whole(1, 2);
  const maxAttempts = random.whole(2, 4);
  const keys = Array.from({ length: random.whole(1, 4) }, (_, i) => `k${i}`);
  const arrivals = arrivalsOf(random, keys, partitions, maxAttempts);
  const endMs = arrivals.at(-1)?.atMs ?? 0;
  const faults = options.faults ?? true;
  return {
    ...{ seed, random, partitions, arrivals, keys, maxAttempts },
    processes: random.whole(2, 3),
    direct: directOf(random),
    waiting: waitingOf(random),
    window: random.pick([3, 6, 40]),
    maxStarts: random.whole(4, 8),
    backoffMs: random.pick([50, 400, 1_500, 5_000]),
    leaseMs: 3_000,
    ackMs: 1,
    sessionMs: 2_000,
    hold: random.chance(options.replays ? 1 : 0.25),
    replays: options.replays ?? false,
    crashes: faults ? random.pick([0, 0, 0.003, 0.01, 0.03]) : 0,
    freezes: faults ? random.pick([0, 0, 0.002, 0.006]) : 0,
    repeats: faults ? random.pick([0, 0.03]) : 0,
    rebalanceEveryMs: faults ? random.pick([300, 1_500, 6_000, 1e9]) : 1e9,
    timersLateMs: options.lateTimers ? [0, 0, 5, 50, 400] : [0],
    losses: options.losses ? lossesOf(random, endMs) : [],
    without: new Set(options.without ?? []),
  };
};

const arrivalsOf = (
  random: Random,
  keys: readonly string[],
  partitions: number,
  maxAttempts: number,
): readonly Arrival[] => {
  const slowest = random.pick([1, 20, 200, 900]);
  const trouble = random.pick([0.1, 0.3, 0.6]);
  const arrivals: Arrival[] = [];
  const count = random.whole(3, 22);
  let atMs = 0;
  for (let i = 0; i < count; i += 1) {
    atMs += random.between(1, slowest);
    const key = keys[random.whole(0, keys.length - 1)] ?? 'k0';
    const duty = dutyOf(random, `${i}`, key, random.chance(trouble) ? maxAttempts : 0);
    // A key has one partition.
    const partition = keys.indexOf(key) % partitions;
    arrivals.push({ atMs, partition, duty });
    if (random.chance(0.08)) arrivals.push({ atMs: atMs + random.between(1, 3_000), partition, duty });
  }
  return arrivals.sort((a, b) => a.atMs - b.atMs);
};

const dutyOf = (random: Random, event: string, key: string, maxAttempts: number): Duty => {
  const kind =
    maxAttempts === 0 ? 'fine' : random.pick(['fails', 'fails', 'fails', 'never', 'kills', 'slow']);
  return {
    ...{ event, key },
    fails: kind === 'fails' ? random.whole(1, maxAttempts - 1) : kind === 'never' ? 1e9 : 0,
    kills: kind === 'kills' ? random.pick([1, 2, 1e9]) : 0,
    runMs: kind === 'slow' ? random.between(200, 4_500) : random.between(1, 40),
  };
};

const directOf = (random: Random): DirectSettings => ({
  holdForMs: random.pick([0, 0, 300, 1_500]),
  detachAfterMs: random.pick([50, 400, 2_000, 1e9]),
  patienceMs: random.pick([0, 100, 1_000]),
  askAgainMs: 50,
  rememberMs: 1e9,
});

const waitingOf = (random: Random): WaitingSettings => ({
  maxCopiesPerKey: random.pick([1, 2, 5, 100]),
  maxCopies: random.pick([1, 3, 8, 1_000]),
  maxBytes: random.pick([150, 1_000, 1e9]),
  sleepBeyondMs: random.pick([0, 200, 1_000]),
  checkEveryMs: 500,
  renewEveryMs: random.pick([3_000, 1e9]),
  askAgainMs: 50,
  rereadEveryMs: random.pick([1, 20]),
});

const lossesOf = (random: Random, endMs: number) =>
  Array.from({ length: random.whole(1, 2) }, () => ({
    atMs: random.between(0, endMs + 5_000),
    lastMs: random.pick([undefined, 5, 50, 400]),
  }));
