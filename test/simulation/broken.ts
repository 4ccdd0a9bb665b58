import { playHistory } from './history.ts';
import type { Plan, PlanOptions } from './plan.ts';

/** A history that broke a promise. */
export interface Broken {
  readonly seed: number;
  readonly violations: readonly string[];
  /** How to see it again, what was broken, the settings, and each step with its virtual time. */
  readonly story: string;
}

/** Plays the histories of a range of seeds, and stops at the first that breaks a promise. */
export const firstBroken = (from: number, to: number, options: PlanOptions): Broken | undefined => {
  for (let seed = from; seed <= to; seed += 1) {
    if (playHistory(seed, options).violations.length > 0) return brokenBy(seed, options);
  }
  return undefined;
};

/** Plays one history again and tells it. */
const brokenBy = (seed: number, options: PlanOptions): Broken => {
  const { violations, world, plan } = playHistory(seed, options, true);
  const story = [
    `${variablesOf(seed, options)}: ${violations.join('; ')}`,
    settingsOf(plan),
    ...world.trace,
  ].join('\n');
  return { seed, violations, story };
};

/** The environment in which `askedSeed` finds the history. */
export const variablesOf = (seed: number, { losses, lateTimers, replays }: PlanOptions): string =>
  `ORDER_SEED=${seed}${losses ? ' ORDER_LOSSES=1' : ''}${lateTimers ? ' ORDER_LATE=1' : ''}${replays ? ' ORDER_REPLAYS=1' : ''}`;

/** What was drawn for a history, its records excepted. */
export const settingsOf = ({ random: _, arrivals: __, without, ...settings }: Plan): string =>
  JSON.stringify({ ...settings, without: [...without] });

/** Fails with the whole story when a history of the range breaks a promise. */
export const expectUnbroken = (from: number, to: number, options: PlanOptions): void => {
  const broken = firstBroken(from, to, options);
  if (broken !== undefined) throw new Error(broken.story);
};

/** The one history that a person asks for: `ORDER_SEED=12`, and `ORDER_LOSSES=1` or `ORDER_LATE=1` if it has them. */
export const askedSeed = (): (PlanOptions & { readonly seed: number }) | undefined => {
  const seed = process.env['ORDER_SEED'];
  if (seed === undefined) return undefined;
  const { env } = process;
  return {
    seed: Number(seed),
    losses: env['ORDER_LOSSES'] === '1',
    lateTimers: env['ORDER_LATE'] === '1',
    replays: env['ORDER_REPLAYS'] === '1',
  };
};
