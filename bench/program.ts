import type { Measurements } from './figures.ts';
import type { Stage } from './harness/stage.ts';
import type { Measured } from './statistics.ts';

/** A measured value that is no figure of its own, for people. */
export interface Note {
  readonly what: string;
  readonly value: Measured;
  readonly unit: string;
}

/** What a program found. A figure that it did not measure is absent. */
export interface Findings {
  readonly figures: Measurements;
  readonly notes: readonly Note[];
}

/** What a program found, and how busy others kept the machine meanwhile. */
export interface Outcome extends Findings {
  readonly program: string;
  /** Cores that others used, run by run; empty where the system does not tell. */
  readonly loads: readonly number[];
}

/** One measurement. */
export interface Program {
  readonly name: string;
  /** One line for people. */
  readonly what: string;
  run(stage: Stage): Promise<Findings>;
}
