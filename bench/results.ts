import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './harness/compiled.ts';
import type { MachineDescription } from './machine.ts';
import type { Outcome } from './program.ts';
import { figuresAsJson, figuresOf } from './report.ts';

/** What is kept of a run. */
export interface StoredResult {
  readonly machine: MachineDescription;
  readonly rounds: number;
  readonly small: boolean;
  readonly figures: Readonly<Record<string, number>>;
  readonly programs: readonly Outcome[];
}

/** Makes what is kept of a run. */
export const storedResult = (
  machine: MachineDescription,
  run: { readonly rounds: number; readonly small: boolean },
  programs: readonly Outcome[],
): StoredResult => {
  const { rounds, small } = run;
  return { machine, rounds, small, figures: figuresAsJson(figuresOf(programs)), programs };
};

/** Writes bench/results/last.json. Answers its path. */
export const saveResult = (result: StoredResult): string => {
  const folder = join(ROOT, 'bench/results');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'last.json');
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
  return path;
};
