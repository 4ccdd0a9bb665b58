import { parseArgs } from 'node:util';

/** What a run was asked for. */
export interface BenchArguments {
  /** Programs to run; empty for all. */
  readonly names: readonly string[];
  /** One JSON object of figures on standard output, nothing else there. */
  readonly json: boolean;
  /** Less of everything: shows that it works, not how fast it is. */
  readonly small: boolean;
  /** Interleaved runs of each ratio. */
  readonly rounds: number;
  /** Whether results/ gets this run. */
  readonly save: boolean;
}

export const USAGE = `npm run bench -- [NAME...] [--json] [--small] [--rounds N] [--save]`;

/** Wrong arguments; the message says which. */
export class ArgumentProblem extends Error {}

const roundsOf = (text: string | undefined, small: boolean): number => {
  if (text === undefined) return small ? 1 : 3;
  if (!/^[1-9]\d?$/.test(text)) throw new ArgumentProblem(`--rounds is ${text}: give 1 to 99`);
  return Number(text);
};

const parsed = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        small: { type: 'boolean', default: false },
        save: { type: 'boolean', default: false },
        rounds: { type: 'string' },
      },
    });
  } catch (error) {
    throw new ArgumentProblem(error instanceof Error ? error.message : String(error), { cause: error });
  }
};

/** Reads the command line. @throws ArgumentProblem for what is not known, with the names that are. */
export const parseBenchArguments = (args: readonly string[], known: readonly string[]): BenchArguments => {
  const { values, positionals } = parsed(args);
  const strangers = positionals.filter((name) => !known.includes(name));
  if (strangers.length > 0) {
    throw new ArgumentProblem(`there is no ${strangers.join(', ')}; there are ${known.join(', ')}`);
  }
  const { json, small, save } = values;
  return { names: positionals, json, small, save, rounds: roundsOf(values.rounds, small) };
};
