import type { MeasuredWindow } from '../contestants/stopwatch.ts';
import type { Stage } from '../harness/stage.ts';

/** How much one run of a contestant does. */
export interface Load {
  /** Pieces of work, warm-up included. */
  readonly jobs: number;
  /** Pieces of work that are warm-up. */
  readonly warm: number;
  readonly concurrency: number;
  /** Pieces that fail once, per hundred. */
  readonly failPercent: number;
}

/** One side of a comparison of throughput. */
export interface Contestant {
  readonly name: string;
  /** What it may choose from; the best is used. */
  readonly concurrencies: readonly number[];
  /** Runs it on fresh topics, ids and keys, in a process of its own. @throws BenchFailure when it did not do its work. */
  run(stage: Stage, load: Load): Promise<MeasuredWindow>;
}

/** Distinct tenants, which are the ordering keys too. */
export const KEYS = 10_000;
